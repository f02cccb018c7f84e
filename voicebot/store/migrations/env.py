"""Alembic's entry: run within the connection and transaction that were handed in."""

from alembic import context

from voicebot.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
