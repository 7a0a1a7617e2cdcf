"""The ledger: every failure declared is produced by a signed request through the real door, none undeclared appears.

Printed at the end: how many of the 35 failures of the CreateFlowLog page were produced by CreateFlowLog, and what is
still missing, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from tests.ledger import gateway, parameters, scenes_companions, scenes_flow_logs, scenes_nis, scenes_ram
from tests.ledger.door import SPECS, Door
from tests.ledger.pending import PENDING
from tests.ledger.scenes import Scene
from weir.model.failures import GATEWAY, PAGE

SCENES: tuple[Scene, ...] = (
    *scenes_flow_logs.SCENES,
    *scenes_companions.SCENES,
    *scenes_ram.SCENES,
    *scenes_nis.SCENES,
)
ANY = "*"


@dataclass
class Book:
    """(action, code) of everything produced on purpose, what came out otherwise, and what is declared nowhere."""

    produced: set[tuple[str, str]]
    otherwise: list[str]
    undeclared: list[str]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    door = Door(tmp_path_factory.mktemp("door"))
    made = Book(set(), [], door.ledger.undeclared)

    def note(action: str, expected: str, answered: object) -> None:
        if answered == expected:
            made.produced.add((action, expected))
        else:
            made.otherwise.append(f"{action}: expected {expected}, answered {answered}")

    tenant = door.tenant()
    for spec in SPECS.values():
        for expected, pairs in parameters.faults(spec):
            note(spec.name, expected, door.say(spec, tenant.key, pairs).document.get("Code"))
    for scene in SCENES:
        tenant = door.tenant(opened=scene.opened)
        pairs = scene.prepare(tenant)
        usual = door.gateway
        if scene.desk is not None:
            door.gateway = door.gate(desk=scene.desk(door.desk))
        note(scene.action, scene.code, tenant.call(scene.action, **pairs).document.get("Code"))
        door.gateway = usual
    for expected, reply in gateway.replies(door):
        note(ANY, expected, reply.document.get("Code"))
    _break(door)
    wanted = tenant.flow_log_of("VPC", "vpc-any")
    for action, name, expected in (
        ("CreateFlowLog", "CreateFlowLog", "OperationFailed.InternalError"),
        ("DescribeVpcs", ANY, "InternalError"),
    ):
        note(name, expected, tenant.call(action, **wanted).document.get("Code"))
    yield made
    door.close()


def _break(door: Door) -> None:
    """A fault of ours: the tables of resources are gone."""
    with door.catalog.engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        for table in ("vpcs", "flow_logs"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_lost"))
        connection.commit()


def declared() -> set[tuple[str, str]]:
    of_actions = {(spec.name, failure.code) for spec in SPECS.values() for failure in spec.fails}
    return of_actions | {(ANY, failure.code) for failure in GATEWAY}


def test_every_scene_has_the_failure_it_is_for(book: Book) -> None:
    assert book.otherwise == []


def test_no_failure_appears_undeclared(book: Book) -> None:
    assert book.undeclared == []
    assert book.produced <= declared()


def test_every_declared_failure_is_produced(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    missing = declared() - book.produced
    of_page = [failure.code for failure in PAGE if ("CreateFlowLog", failure.code) in book.produced]
    with capsys.disabled():
        print(f"\nledger: {len(of_page)} of the {len(PAGE)} failures of the CreateFlowLog page were produced;")
        print(f"        {len(book.produced)} of {len(declared())} pairs of action and failure")
        for action, code in sorted(missing):
            print(f"        not yet: {action} {code}: {PENDING.get((action, code), 'no reason given')}")
    assert missing == set(PENDING)
