"""Which socket a flow belongs to: the memory's rules over made-up records and times."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.capture.test_window import SECOND, flow, packed, rows
from weir.capture.flows import DIRECTION_IN, Flows
from weir.capture.socket_memory import Seen, SocketMemory
from weir.capture.socket_programs import OPENED_HERE, RECORD, Records


def record(number: int = 1, **values: Any) -> Records:
    made = np.zeros(1, RECORD)
    base = {
        "id": number, "pid": 7, "comm": b"curl".ljust(16, b"\0"), "proto": 6, "local_port": 9, "remote_port": 80,
        "local": packed("10.0.0.1"), "remote": packed("10.0.0.2"), "opener": OPENED_HERE, "begun_ns": 10 * SECOND,
    }  # fmt: skip
    for name, value in (base | values).items():
        made[name] = np.void(value) if isinstance(value, bytes) else value
    return made


def at(first_s: float, last_s: float, **more: Any) -> Flows:
    found = flow(80, 1, **({"proto": 6, "src": packed("10.0.0.1"), "dst": packed("10.0.0.2"), "sport": 9} | more))
    found["first_ns"], found["last_ns"] = int(first_s * SECOND), int(last_s * SECOND)
    return found


NONE = np.zeros(0, RECORD)


def pids(memory: SocketMemory, *found: Flows) -> list[int | None]:
    known = memory.known(0)
    asked = rows(*found)
    values, certain = known.values(known.match(asked), len(asked))["pid"]
    return [int(pid) or None if sure else None for pid, sure in zip(values, certain, strict=True)]


def test_a_tuple_used_again_belongs_to_each_in_its_time() -> None:
    memory = SocketMemory()
    memory.add(Seen(NONE, record(1, ended_ns=20 * SECOND), 20 * SECOND))
    memory.add(Seen(record(1, begun_ns=21 * SECOND, pid=8), NONE, 30 * SECOND))
    assert pids(memory, at(11, 19), at(22, 29), at(11, 29), at(40, 41)) == [7, 8, None, None]


def test_a_socket_seen_often_is_one_and_its_end_counts() -> None:
    memory = SocketMemory()
    memory.add(Seen(record(retransmits=1), NONE, 20 * SECOND))
    memory.add(Seen(rows(record(retransmits=2), record(retransmits=2)), NONE, 30 * SECOND))
    memory.add(Seen(NONE, record(pid=0, retransmits=3, ended_ns=35 * SECOND), 40 * SECOND))
    known = memory.known(0)
    values = known.values(known.match(at(11, 12)), 1)
    assert len(known.records) == 1
    assert (values["retransmits"][0].tolist(), values["pid"][0].tolist()) == ([3], [7])
    assert pids(memory, at(36, 37)) == [None]


def test_a_socket_shared_by_processes_names_none_of_them() -> None:
    memory = SocketMemory()
    memory.add(Seen(rows(record(pid=7), record(pid=8)), NONE, 20 * SECOND))
    assert pids(memory, at(11, 12)) == [None]


def test_the_answer_is_the_same_sockets() -> None:
    memory = SocketMemory()
    memory.add(Seen(record(), NONE, 20 * SECOND))
    answer = at(11, 12, src=packed("10.0.0.2"), dst=packed("10.0.0.1"), sport=80, dport=9, direction=DIRECTION_IN)
    stranger = at(11, 12, src=packed("10.0.0.2"), dst=packed("10.0.0.1"), sport=80, dport=9)
    assert pids(memory, answer, stranger) == [7, None]


def test_datagrams_go_to_the_whole_tuple_before_the_end() -> None:
    memory = SocketMemory()
    connected = record(1, proto=17, pid=1)
    bound = record(2, proto=17, pid=2, remote=bytes(16), remote_port=0)
    anywhere = record(3, proto=17, pid=3, remote=bytes(16), remote_port=0, local=bytes(16), local_port=53)
    memory.add(Seen(rows(connected, bound, anywhere), NONE, 20 * SECOND))
    other = {"proto": 17, "dst": packed("10.0.0.3")}
    assert pids(memory, at(11, 12, proto=17), at(11, 12, **other), at(11, 12, **(other | {"sport": 53}))) == [1, 2, 3]


def test_the_memory_is_bounded() -> None:
    memory = SocketMemory(limit=2)
    closed = [record(number, ended_ns=number * SECOND, local_port=number) for number in (11, 12, 13)]
    memory.add(Seen(NONE, rows(*closed), 14 * SECOND))
    assert memory.forgotten == 1
    assert pids(memory, *(at(10.5, 11, sport=number) for number in (11, 12, 13))) == [None, 7, 7]
