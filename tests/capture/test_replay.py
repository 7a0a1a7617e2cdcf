"""``weir replay``: files of every kind give the records that a sum by hand over the same packets gives."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.capture.pcaps import SECOND, Packet, pcap, pcapng
from tests.capture.test_kernel_frames import (
    DST4,
    ETH4,
    ETH6,
    ICMP,
    MACS,
    MALFORMED,
    NOT_IP,
    SRC4,
    SRC6,
    TCP,
    UDP,
    VLAN,
    ip4,
    ip6,
    tcp,
    udp,
)
from weir.capture.pcap import DamagedCapture, UnreadableCapture, batches
from weir.capture.replay import DirectionUnknown, Replay, Told
from weir.capture.roster import Eni, FlowLog
from weir.capture.share import Keep, Labels
from weir.cli.context import Trouble
from weir.cli.replays import packed, replay
from weir.model.resources import Side, TrafficType

NOON = 1_700_000_040 - 1_700_000_040 % 600
MAC = int.from_bytes(MACS[6:])
REPLY = MACS[6:] + MACS[:6]
BY_MAC = Told(Side.SELF, macs=frozenset({MAC}))

# Three minutes: something in the first and the third, nothing in the second.
PACKETS: list[Packet] = [
    (NOON * SECOND + 5_000_000_123, MACS + ETH4 + ip4(udp(8000), UDP)),
    (NOON * SECOND + 6 * SECOND, MACS + ETH4 + ip4(udp(8000, 2), UDP) + bytes(16)),
    (NOON * SECOND + 7 * SECOND, REPLY + VLAN + ETH6 + ip6(tcp(443, 0x12), TCP)),
    (NOON * SECOND + 7 * SECOND, REPLY + NOT_IP["ARP"]),
    (NOON * SECOND + 8 * SECOND, MACS + MALFORMED["IPv4 with version 5"]),
    (NOON * SECOND + 130 * SECOND, MACS + ETH4 + ip4(udp(8000), UDP)),
]
Record = tuple[Any, ...]
EXPECTED: Counter[Record] = Counter(
    {
        (NOON, "OK", "out", SRC4, 1111, 8000, UDP, 2, 58 + 30, NOON + 5): 1,
        (NOON, "OK", "in", SRC6, 1111, 443, TCP, 1, 60, NOON + 7): 1,
        (NOON + 60, "NODATA", None, None, None, None, None, None, None, NOON + 60): 1,
        (NOON + 120, "OK", "out", SRC4, 1111, 8000, UDP, 1, 58, NOON + 130): 1,
    }
)


def made(told: Told = BY_MAC, interval: int = 1) -> Replay:
    flow_log = FlowLog("replay", interval, Keep(TrafficType.ALL, dual_stack=True), "", "")
    return Replay(Eni(Labels("1", "eni-1", "-", "-", "-"), "", "", told.side, (), (flow_log,)), told)


def replayed(data: bytes, told: Told = BY_MAC, interval: int = 1) -> Counter[Record]:
    return summary(list(made(told, interval).tables(batches(io.BufferedReader(io.BytesIO(data))))), interval)


def summary(tables: list[pa.Table], interval: int = 1) -> Counter[Record]:
    found: Counter[Record] = Counter()
    for row in (row for table in tables for row in table.to_pylist()):
        names = ("log-status", "direction", "srcaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start")
        found[(row["__time__"] + 1 - interval * 60, *(row[name] for name in names))] += 1
    return found


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("write", [pcap, pcapng])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_format_gives_the_same_records(order: str, nano: bool, write: Any, zipped: bool) -> None:
    data = write(PACKETS, order, nano=nano)
    assert replayed(gzip.compress(data) if zipped else data) == EXPECTED


def test_what_is_no_flow_is_counted() -> None:
    replay = made()
    for _ in replay.tables(batches(io.BufferedReader(io.BytesIO(pcap(PACKETS))))):
        pass
    counted = replay.counted
    assert (counted.frames, counted.packets, counted.not_ip, counted.malformed, counted.foreign) == (6, 4, 1, 1, 0)
    assert counted.windows == 3


def test_a_longer_window_holds_the_sum() -> None:
    assert replayed(pcap(PACKETS), interval=10) == Counter(
        {
            (NOON, "OK", "out", SRC4, 1111, 8000, UDP, 3, 58 + 30 + 58, NOON + 5): 1,
            (NOON, "OK", "in", SRC6, 1111, 443, TCP, 1, 60, NOON + 7): 1,
        }
    )


def test_a_packet_written_too_late_counts_in_the_open_window() -> None:
    late = [PACKETS[0], (NOON * SECOND + 61 * SECOND, PACKETS[0][1]), PACKETS[1]]
    by_window = Counter({record[0]: record[7] for record in replayed(pcap(late))})
    assert by_window == {NOON: 1, NOON + 60: 2}


def test_blocks_that_end_anywhere_give_the_same_rows() -> None:
    """More than one block's worth of packets, so that many packets lie across two reads."""
    many = [(NOON * SECOND + number * 1000, MACS + ETH4 + ip4(udp(number % 7, 1200), UDP)) for number in range(9000)]
    wanted = Counter(number % 7 for number in range(9000))
    for write in (pcap, pcapng):
        assert {record[5]: record[7] for record in replayed(write(many))} == wanted


def test_raw_ip_has_no_mac_but_addresses() -> None:
    packets = [(NOON * SECOND, ip4(udp(8000), UDP)), (NOON * SECOND, ip6(udp(8001), UDP)), (NOON * SECOND, b"\x10")]
    told = Told(Side.SELF, addresses=frozenset({packed(SRC4), packed("fd09::99")}))
    assert replayed(pcap(packets, link=101), told) == Counter(
        {
            (NOON, "OK", "out", SRC4, 1111, 8000, UDP, 1, 58, NOON): 1,
            (NOON, "OK", "in", SRC6, 1111, 8001, UDP, 1, 78, NOON): 1,
        }
    )


@pytest.mark.parametrize(("side", "way", "direction"), [
    ("behind", 1, "out"), ("behind", 2, "in"), ("self", 1, "in"), ("self", 2, "out"),
])  # fmt: skip
def test_direction_as_the_file_says_it(side: str, way: int, direction: str) -> None:
    (record,) = replayed(pcapng(PACKETS[:1], ways=[way]), Told(Side(side)))
    assert record[2] == direction


@pytest.mark.parametrize(("kind", "direction"), [(4, "out"), (0, "in"), (1, "in")])
def test_direction_of_linux_cooked_frames(kind: int, direction: str) -> None:
    packet = ip4(udp(8000), UDP)
    first = kind.to_bytes(2) + b"\0\1\0\6" + MACS[6:] + b"\0\0" + ETH4 + packet
    second = ETH4 + b"\0\0\0\0\0\2\0\1" + bytes([kind, 6]) + MACS[6:] + b"\0\0" + packet
    for link, frame in ((113, first), (276, second)):
        (record,) = replayed(pcap([(NOON * SECOND, frame)], link=link), Told(Side.SELF))
        assert record[2] == direction
        assert record[8] == 58


def test_frames_of_others_are_counted_apart() -> None:
    stranger = b"\2\0\0\0\0\xcc" + b"\2\0\0\0\0\xdd" + ETH4 + ip4(udp(8000), UDP)
    group = b"\xff" * 6 + b"\2\0\0\0\0\xdd" + ETH4 + ip4(udp(67), UDP)
    replay = made()
    data = pcap([(NOON * SECOND, stranger), (NOON * SECOND, group)])
    found = summary(list(replay.tables(batches(io.BufferedReader(io.BytesIO(data))))))
    assert [(record[2], record[5]) for record in found] == [("in", 67)]
    assert replay.counted.foreign == 1


def test_a_cut_packet_has_the_length_that_its_header_says() -> None:
    (record,) = replayed(pcap([(NOON * SECOND, MACS + ETH4 + ip4(tcp(8000, 2) + bytes(1000), TCP))], snap=54))
    assert record[5:9] == (8000, TCP, 1, 1040)


DAMAGED = {
    "cut inside a packet": (lambda data: data[:-1], "ends inside packet 6"),
    "cut inside a packet's header": (lambda data: data + bytes(7), "ends inside packet 7"),
    "a length that cannot be": (lambda data: data + b"\xff" * 16, "packet 7 cannot be right"),
    "a time that cannot be": (lambda data: data + bytes(4) + b"\xff" * 4 + bytes(8), "packet 7 cannot be right"),
    "a leap in time": (lambda data: data + pcap([(9 * NOON * SECOND // 5, PACKETS[0][1])])[24:], "hours after"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_gives_what_is_before_the_damage(damage: Any, said: str) -> None:
    tables: list[pa.Table] = []
    found = made().tables(batches(io.BufferedReader(io.BytesIO(damage(pcap(PACKETS))))))
    with pytest.raises(DamagedCapture, match=said):
        tables.extend(found)
    wanted = EXPECTED if "6" not in said else EXPECTED - Counter({record: 1 for record in EXPECTED if record[0] > NOON})
    assert summary(tables) == wanted


def outcome(data: bytes, read: Callable[[bytes], object]) -> str:
    """Empty where the whole file is read, else what is said of it."""
    try:
        read(data)
    except (DamagedCapture, UnreadableCapture, DirectionUnknown) as error:
        return str(error)
    return ""


def frames(data: bytes) -> int:
    return sum(len(batch.frames) for batch in batches(io.BufferedReader(io.BytesIO(data))))


@pytest.mark.parametrize(
    "data", [pcap(PACKETS), pcapng(PACKETS), gzip.compress(pcap(PACKETS))], ids=["pcap", "ng", "gz"]
)
def test_every_prefix_of_a_file_is_read_or_refused_in_one_sentence(data: bytes) -> None:
    said = [outcome(data[:size], frames) for size in range(len(data))]
    assert all("\n" not in sentence for sentence in said)
    assert said.count("") <= len(PACKETS) + 3, "a file may end behind a packet or a block, nowhere else"


@pytest.mark.parametrize("data", [pcap(PACKETS[:2]), pcapng(PACKETS[:2])], ids=["pcap", "ng"])
def test_every_changed_byte_is_read_or_refused(data: bytes) -> None:
    for place in range(len(data)):
        outcome(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :], replayed)


@pytest.mark.parametrize("data", [b"", b"PK\3\4" + bytes(40), pcap(PACKETS, link=127), pcap([], link=113)[:10]])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises((UnreadableCapture, DamagedCapture)):
        replayed(data)


def test_without_a_word_on_direction_nothing_is_guessed() -> None:
    with pytest.raises(DirectionUnknown, match="--mac"):
        replayed(pcap(PACKETS), Told(Side.SELF))


def invoke(path: Path, *words: str) -> Any:
    return CliRunner().invoke(replay, [str(path), "--eni-id", "eni-1", *words])


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap(PACKETS))
    mac = ("--mac", MACS[6:].hex(":"))
    printed = invoke(file, *mac, "--format", "json")
    rows = [json.loads(line) for line in printed.stdout.splitlines()]
    assert [row["log-status"] for row in rows] == ["OK", "OK", "NODATA", "OK"]
    assert {row["eni-id"] for row in rows} == {"eni-1"}
    assert "6 packets, 1 not IP, 1 malformed, 0 of others; 3 windows" in printed.stderr
    assert invoke(file, *mac, "--format", "parquet", "--output", str(tmp_path / "o")).exit_code == 0
    assert summary([pq.read_table(tmp_path / "o")]) == EXPECTED
    csv = invoke(file, *mac, "--format", "csv").stdout.splitlines()
    assert len(csv) == 1 + len(rows)


def test_the_fields_that_a_packet_holds_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "icmp.pcap"
    file.write_bytes(pcap([(NOON * SECOND, MACS + ETH4 + ip4(b"\x03\x03" + bytes(34), ICMP)), PACKETS[0]]))
    done = invoke(file, "--address", SRC4, "--format", "json", "--log-format", "${dstport} ${icmp-type} ${icmp-code}")
    names = ("eni-id", "dstport", "icmp-type", "icmp-code")
    rows = {tuple(json.loads(line).get(name) for name in names) for line in done.stdout.splitlines()}
    assert rows == {(None, "771", "3", "3"), (None, "8000", None, None)}
    assert isinstance(invoke(file, "--log-format", "${nothing}").exception, Trouble)


def test_the_command_says_what_is_wrong_after_the_records(tmp_path: Path) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(pcap(PACKETS)[:-3])
    done = invoke(file, "--address", SRC4, "--format", "json")
    assert len(done.stdout.splitlines()) > 0
    assert isinstance(done.exception, Trouble)
    assert "ends inside packet 6; 5 packets before it were read" in str(done.exception)
    assert done.exit_code == 1


@pytest.mark.parametrize("words", [
    ("--mac", "10.0.0.1"), ("--address", "02:00"), ("--mac", "02:00:00:00:00:aa", "--address", DST4),
    ("--format", "parquet"),
])  # fmt: skip
def test_the_command_refuses_in_one_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "one.pcap"
    file.write_bytes(pcap(PACKETS))
    assert isinstance(invoke(file, *words).exception, Trouble)
