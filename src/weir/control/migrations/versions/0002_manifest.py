"""The log store's manifest."""

from __future__ import annotations

from alembic import op

from weir.logstore.manifest import METADATA

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind())
