"""Alembic's entry: runs the chassis' versions and one service's on the connection that `migrating.migrate` hands in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
