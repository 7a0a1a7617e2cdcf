"""Any request at all, through the real gateway and its real parts: never a 5xx, and a refusal changes nothing.

The requests are signed, so that they reach the handlers: every declared action, with parameters that are good, bad,
strange, or name things that are there; and the same calls mangled on their way. One world serves all examples of a
database, so later ones find what earlier ones made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.control.conftest import new_database
from weir import compose
from weir import settings as weir_settings
from weir.contract import examples
from weir.contract.declare import Param, Spec, params_of
from weir.contract.products import ACTIONS
from weir.contract.shapes import Repeat
from weir.contract.sign import Credentials, sign_acs3
from weir.control import nonces, ram_schema
from weir.control.catalog import Catalog
from weir.control.schema import METADATA
from weir.doors.reply import Reply
from weir.doors.rpc import Arrived, Gateway

SPECS = list(ACTIONS.values())
HOST, REGION = "weir.test", "cn-hangzhou"
assert nonces.nonces.metadata is ram_schema.ram_users.metadata is METADATA, "imported, so that all tables count"
TABLES = [table for table in METADATA.sorted_tables if table.name != "nonces"]


@dataclass
class World:
    """The gateway, a second view of its catalog, and names of what is there."""

    gateway: Gateway[Any]
    catalog: Catalog
    credentials: Credentials
    names: list[str]

    def dump(self) -> list[object]:
        """Every row of every table but the nonces, which a refused call uses up as well."""
        with self.catalog.reading() as connection:
            return [sorted(map(repr, connection.execute(select(table)))) for table in TABLES]

    def signed(self, spec: Spec, pairs: Mapping[str, str]) -> Arrived:
        form = urlencode(pairs).encode()
        operation = spec.product.version, spec.name
        return Arrived("POST", "/", b"", sign_acs3(HOST, operation, form, self.credentials, time.time()), form)

    def say(self, name: str, **pairs: str) -> dict[str, Any]:
        spec = next(spec for spec in SPECS if spec.name == name)
        reply = self.gateway.answer(self.signed(spec, {"RegionId": REGION, **pairs}))
        assert reply.status == 200, reply.document
        return reply.document

    def check(self, arrived: Arrived) -> Reply:
        """The rule of this module."""
        before = self.dump()
        reply = self.gateway.answer(arrived)
        assert reply.status < 500, reply.document
        if reply.status != 200:
            assert self.dump() == before, reply.document
        return reply


@contextmanager
def opened(directory: Path, url: str) -> Iterator[World]:
    given = {"data": str(directory), "catalog": url, "region": REGION, "listen": "127.0.0.1:0"}
    made = compose.server(weir_settings.load({}, given))
    made.start()
    catalog = Catalog(made.settings.catalog_url)
    key = made.started.account_key
    gateway = made.app.rpc
    assert key is not None
    assert isinstance(gateway, Gateway)
    world = World(gateway, catalog, Credentials(key.access_key_id, key.secret, REGION), [REGION])
    world.say("OpenFlowLogService")
    vpc = world.say("CreateVpc", CidrBlock="10.0.0.0/16")["VpcId"]
    switch = world.say("CreateVSwitch", VpcId=vpc, ZoneId=f"{REGION}-b", CidrBlock="10.0.1.0/24")["VSwitchId"]
    eni = world.say("CreateNetworkInterface", VSwitchId=switch)["NetworkInterfaceId"]
    flow = {"ResourceType": "VPC", "ResourceId": vpc, "TrafficType": "All"}
    analyzer = world.say("CreateTrafficAnalyzer")["TrafficAnalyzerId"]
    log = world.say("CreateFlowLog", **flow, TrafficAnalyzerId=analyzer)["FlowLogId"]
    world.names += [vpc, switch, eni, analyzer, log, made.started.account_id, key.access_key_id]
    try:
        yield world
    finally:
        catalog.close()
        made.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = "" if request.param == "sqlite" else new_database(request.getfixturevalue("postgresql_url"))
    with opened(tmp_path_factory.mktemp("requests"), url) as made:
        yield made


def texts(one: Param, names: list[str]) -> st.SearchStrategy[str]:
    """What may stand for a parameter: what its shape takes, what it does not, names of things, anything."""
    assert not isinstance(one.shape, Repeat)
    known = [
        *one.shape.good(),
        *(text for text, _ in one.shape.bad()),
        "",
        "\0",
        "%",
        "'",
        "9" * 400,
        "-1",
        "ä中\U0001f600",
    ]
    return st.sampled_from(known) | st.sampled_from(names) | st.text(max_size=40)


@st.composite
def calls(draw: st.DrawFn, names: list[str]) -> tuple[Spec, dict[str, str]]:
    """An action and its parameters: its example, with some of them replaced, added or left out."""
    spec = draw(st.sampled_from(SPECS))
    said = dict(examples.call(spec))
    for one in draw(st.lists(st.sampled_from(spec.params), max_size=4)) if spec.params else []:
        if draw(st.integers(0, 5)) == 0:
            said.pop(one.wire, None)
        else:
            said.update(draw(parameter(one, names)))
    return spec, said


@st.composite
def parameter(draw: st.DrawFn, one: Param, names: list[str]) -> dict[str, str]:
    if not isinstance(one.shape, Repeat):
        return {one.wire: draw(texts(one, names))}
    numbers = range(1, draw(st.integers(1, 3)) + 1)
    if isinstance(one.shape.of, type):
        parts = [part for part in params_of(one.shape.of) if not isinstance(part.shape, Repeat)]
        return {f"{one.wire}.{n}.{part.wire}": draw(texts(part, names)) for n in numbers for part in parts}
    element = replace(one, shape=one.shape.of)
    return {f"{one.wire}.{n}": draw(texts(element, names)) for n in numbers}


ANY_BYTES = st.binary(max_size=60)
TUNED = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@TUNED
@given(data=st.data())
def test_no_call_fails_and_no_refusal_changes_anything(world: World, data: st.DataObject) -> None:
    spec, said = data.draw(calls(world.names))
    reply = world.check(world.signed(spec, said))
    json.dumps(reply.document)


@TUNED
@given(data=st.data())
def test_no_bytes_on_the_wire_make_it_fail(world: World, data: st.DataObject) -> None:
    """A signed call, then one part of it replaced; and calls that are nobody's."""
    spec, said = data.draw(calls(world.names))
    arrived = world.signed(spec, said)
    match data.draw(st.sampled_from(["method", "path", "query", "headers", "body"])):
        case "method":
            arrived = replace(arrived, method=data.draw(st.sampled_from(["GET", "PUT", "HEAD", "", "pOST"])))
        case "path":
            arrived = replace(arrived, path="/" + data.draw(st.text(max_size=20)))
        case "query":
            arrived = replace(arrived, query=data.draw(ANY_BYTES))
        case "headers":
            name = data.draw(st.sampled_from([*arrived.headers, "accept", "x-acs-security-token"]))
            latin = st.text(st.characters(codec="latin-1"), max_size=40)
            arrived = replace(arrived, headers={**arrived.headers, name: data.draw(latin)})
        case _:
            arrived = replace(arrived, body=data.draw(ANY_BYTES | st.none()))
    world.check(arrived)
