"""Written by hand on aio-pika, asyncpg, msgspec and uvloop: one transaction a message, fifty in flight. What that style can do at best."""
