"""The schema's own version, and how a database is brought up to it."""

from sqlalchemy import Connection, inspect, text

from amazon_endpoint.location import StorageUnusable

LATEST = "0010"

# Any number will do as long as it is always the same.
_MIGRATION_LOCK = 7_269_411_053


def migrate(connection: Connection) -> None:
    """Bring the database up to `LATEST`, in this transaction and in one process at a time.

    Raises:
        StorageUnusable: the database was written by a newer version.
    """
    # SQLite is locked already: its transactions begin as writers.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    version = None
    if inspect(connection).has_table("alembic_version"):
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version != LATEST:
        _upgrade(connection, version)


def _upgrade(connection: Connection, version: str | None) -> None:
    # Alembic takes as long to import as all the rest, and is hardly ever needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "amazon_endpoint.storage:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StorageUnusable(
            f"The database has version {version}, which this version of Amazon Endpoint doesn't "
            "know: a newer one wrote it. Upgrade Amazon Endpoint, or name another database."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
