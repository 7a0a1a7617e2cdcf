"""Alembic's entry: runs the migrations on the connection that ``Catalog`` hands over, inside its one transaction.

What enters: ``config.attributes["connection"]``, already in a writing transaction. What leaves: the schema at head.
Rule: there is no offline mode and no second connection; a migration that fails leaves the database as it was.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
