"""How a revision is run: on the connection that `schema.migrate` holds, in its transaction."""

from alembic import context

from amazon_endpoint.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
