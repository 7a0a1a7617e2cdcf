"""Migrations carry over what is there."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, select, text

from weir.control.catalog import MIGRATIONS, Catalog
from weir.control.schema import resource_groups


def test_default_groups_of_older_accounts_become_rows(catalog_url: str) -> None:
    engine = create_engine(catalog_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            text("INSERT INTO accounts VALUES ('1', 'old', 'Normal', 10, :no, 'rg-old', 1700000000)"), {"no": False}
        )
    engine.dispose()
    catalog = Catalog(catalog_url)
    with catalog.reading() as connection:
        (group,) = connection.execute(select(resource_groups)).all()
    catalog.close()
    assert tuple(group) == ("rg-old", "1", "default", "default resource group", 1700000000)
