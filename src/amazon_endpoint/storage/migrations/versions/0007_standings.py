"""How the accounts' stores stand."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "standings",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("rests_until", _MOMENT),
        sa.Column("stopped_at", _MOMENT),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("account_id", name="pk_standings"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_standings_account_id",
            ondelete="CASCADE",
        ),
    )
