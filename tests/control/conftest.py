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
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from weir.contract import sls_commands
from weir.contract.action import parse
from weir.contract.declare import spec_of
from weir.contract.products import COMMANDS
from weir.control import projects
from weir.control.access import Caller, Principal
from weir.control.accounts import create_account
from weir.control.catalog import Catalog
from weir.control.desk import Desk
from weir.control.handlers import ADMISSIONS, HANDLERS
from weir.control.regions import Region, spoken_of
from weir.logstore.manifest import Manifest
from weir.logstore.store import Store

SPECS = {command.__name__: spec_of(command) for command in COMMANDS}
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
    options = f"-c listen_addresses= -c unix_socket_directories={directory} -c max_connections=200 -c fsync=off"

    def run(*words: str) -> None:
        subprocess.run(words, check=True, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        run(*as_user, str(binaries / "initdb"), "-D", str(directory / "data"), "-U", "weir", "-A", "trust", "--no-sync")
        run(*control, "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://weir@/postgres?host={directory}"
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
    return new_database(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def postgresql_catalog(postgresql_url: str) -> Iterator[Catalog]:
    catalog = Catalog(new_database(postgresql_url))
    yield catalog
    catalog.close()


def new_database(postgresql_url: str) -> str:
    """The URL of an empty database on the test's server."""
    server = make_url(postgresql_url)
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


@dataclass
class Clock:
    """A clock that tests move by hand: Unix seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Office:
    """The control plane without its doors: says parameters as a client would, in the name of one account."""

    desk: Desk
    caller: Caller
    clock: Clock

    def call(self, action: str, **pairs: str) -> Any:
        """Admission, parsing and handling of one call; ``TrafficPath_1`` stands for ``TrafficPath.1``."""
        spec = SPECS[action]
        admission = ADMISSIONS.get(spec.command)
        if admission is not None:
            admission(self.desk, self.caller)
        wire = {name.replace("_", "."): value for name, value in pairs.items()}
        command = parse(spec, wire, spoken_of(self.desk.regions))
        return HANDLERS[spec.command](self.desk, self.caller, command)

    def flow_log(self, resource_type: str, resource_id: str, **pairs: str) -> str:
        """Creates a flow log into the standard logstore; returns its id."""
        given = {
            "RegionId": "cn-hangzhou",
            "ResourceType": resource_type,
            "ResourceId": resource_id,
            "TrafficType": "All",
            "ProjectName": "flows",
            "LogStoreName": "vpc",
        }
        return self.call("CreateFlowLog", **given | pairs).flow_log_id

    def status(self, flow_log_id: str) -> str | None:
        """The flow log's state as DescribeFlowLogs shows it; None when it is not listed."""
        listed = self.call("DescribeFlowLogs", RegionId="cn-hangzhou", FlowLogId=flow_log_id).flow_logs
        return listed[0].status if listed else None

    def vpc(self, **pairs: str) -> str:
        return self.call("CreateVpc", **{"RegionId": "cn-hangzhou", "CidrBlock": "10.0.0.0/16"} | pairs).vpc_id

    def vswitch(self, vpc_id: str, cidr_block: str = "10.0.1.0/24", **pairs: str) -> str:
        given = {"VpcId": vpc_id, "ZoneId": "cn-hangzhou-b", "CidrBlock": cidr_block}
        return self.call("CreateVSwitch", **given | pairs).v_switch_id

    def eni(self, v_switch_id: str, **pairs: str) -> str:
        given = {"RegionId": "cn-hangzhou", "VSwitchId": v_switch_id}
        return self.call("CreateNetworkInterface", **given | pairs).network_interface_id

    def other_account(self) -> Office:
        """The same control plane for another account, which has opened the service."""
        with self.desk.catalog.writing() as connection:
            account_id = create_account(connection, name="other", now=self.clock())
        other = replace(self, caller=Caller(account_id, Principal.ACCOUNT, "LTAI-other", "other"))
        other.call("OpenFlowLogService", RegionId="cn-hangzhou")
        return other


@pytest.fixture
def office(catalog: Catalog, tmp_path: Path) -> Iterator[Office]:
    """An account that has opened the service and has the logstore ``flows/vpc``; cn-shanghai has no flow logs."""
    clock = Clock()
    with catalog.writing() as connection:
        account_id = create_account(connection, name="test", now=clock())
    regions = (
        Region("cn-hangzhou", "127.0.0.1:8080"),
        Region("cn-beijing", "127.0.0.1:8080"),
        Region("cn-shanghai", "127.0.0.1:8080", has_flow_logs=False),
    )
    store = Store(tmp_path / "logs", Manifest(catalog.engine), clock)
    caller = Caller(account_id, Principal.ACCOUNT, "LTAI-test", "test")
    made = Office(Desk(catalog, regions, store, clock, started=clock()), caller, clock)
    made.call("OpenFlowLogService", RegionId="cn-hangzhou")
    projects.create_project(made.desk, caller, sls_commands.CreateProject(project="flows", description=""))
    projects.create_log_store(
        made.desk,
        caller,
        sls_commands.CreateLogStore(project="flows", log_store="vpc", ttl_days=1, shard_count=1),
    )
    yield made
    store.stop()
