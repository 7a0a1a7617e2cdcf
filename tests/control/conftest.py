"""Catalogs for the tests, on both databases: a SQLite file per test, and a database per test on our own PostgreSQL.

The PostgreSQL server is started once on a Unix socket. Where it or its Python driver is missing, its half is skipped
with the reason.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from weir.control.catalog import Catalog

NUMBERS = count()


def missing_postgresql() -> str:
    """Why there can be no server here; empty when there can."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if importlib.util.find_spec("psycopg") is None:
        return "the Python driver psycopg is not installed (pip install 'psycopg[binary]')"
    return ""


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Runs a fresh server; yields the URL of its maintenance database. Root runs it as the user ``postgres``."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[4]))
    directory = Path(tempfile.mkdtemp(prefix="weir-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(directory / "data"), "-w"]
    options = f"-c listen_addresses= -c unix_socket_directories={directory} -c max_connections=200"

    def run(*words: str) -> None:
        subprocess.run(words, check=True, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        run(*as_user, str(binaries / "initdb"), "-D", str(directory / "data"), "-U", "weir", "-A", "trust", "--no-sync")
        run(*control, "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield f"postgresql://weir@/postgres?host={directory}"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    if reason := missing_postgresql():
        pytest.skip(f"not tested on PostgreSQL: {reason}")
    with postgresql_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    server = make_url(request.getfixturevalue("postgresql_url"))
    name = f"weir_{next(NUMBERS)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def catalog(catalog_url: str) -> Iterator[Catalog]:
    catalog = Catalog(catalog_url)
    yield catalog
    catalog.close()
