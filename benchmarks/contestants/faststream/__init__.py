"""FastStream on RabbitMQ, pydantic models, and a session of SQLAlchemy's asynchronous ORM a message."""
