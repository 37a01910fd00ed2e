"""nameko as its documents say: event handlers, a session of nameko-sqlalchemy a message, the event dispatched before the commit."""
