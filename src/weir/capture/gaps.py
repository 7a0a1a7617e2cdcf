"""What the ledger says about the time in which there was no agent.

What enters: the state that the last agent left on its disk, and the moment a new one begins. What leaves: entries with
status ``uncovered`` from the last window that the old one had written to the minute in which the new one begins. Rule:
the state names only windows whose rows are on disk, so a killed agent's open window is in the gap.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from weir.capture.ledger import Entry
from weir.model.ledger import LONG_NAMES, Status

STATE_NAME = "ledger.state"
WINDOW_MINUTES = (10, 1)
"""Lengths of a gap's windows, aligned to the clock; the longest that fits is taken."""
GAP_SECONDS_MAX = 167 * 3600
"""The log service takes no rows older than 168 h; the part of a gap before that is not booked."""
IDENTITY = ("account-id", "eni-id", "vswitch-id", "vpc-id", "device", "side")


@dataclass(frozen=True, slots=True)
class State:
    """The end of the last window on disk, Unix seconds, and who was captured then: columns of ``IDENTITY``."""

    until_s: int
    enis: tuple[dict[str, str], ...]


def state_of(entries: Iterable[Entry], until_s: int) -> State:
    """The state once these entries, of one window, are on disk."""
    return State(until_s, tuple({name: str(entry[name]) for name in IDENTITY} for entry in entries))


def write(path: Path, state: State) -> None:
    """Replaces the state as a whole. Raises ``OSError``."""
    part = path.with_suffix(".new")
    with part.open("w", encoding="utf-8") as file:
        json.dump({"until": state.until_s, "enis": state.enis}, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def read(path: Path) -> State | None:
    """The state, or None where there is none that can be read: then nothing is known about a gap."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return State(int(said["until"]), tuple({name: str(eni[name]) for name in IDENTITY} for eni in said["enis"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def entries(state: State, begin_s: int) -> list[Entry]:
    """One entry per ENI and window of the gap. ``begin_s``: Unix second at which the new agent begins; the minute it
    lies in is the new agent's to book."""
    zeros: Entry = dict.fromkeys(LONG_NAMES, 0)
    return [
        {
            **zeros,
            **eni,
            "source": "",
            "start": start_s,
            "end": end_s,
            "interval": minutes,
            "status": Status.UNCOVERED.value,
            "reason": "no agent was running",
            "dropped": "",
        }
        for start_s, end_s, minutes in windows(max(state.until_s, begin_s - GAP_SECONDS_MAX), begin_s)
        for eni in state.enis
    ]


def windows(from_s: int, to_s: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, minutes) of aligned windows from ``from_s`` to the last full minute before ``to_s``; the first one
    may begin late."""
    to_s -= to_s % 60
    while from_s < to_s:
        minute_s = from_s - from_s % 60
        minutes = next(m for m in WINDOW_MINUTES if m == 1 or (from_s % (m * 60) == 0 and from_s + m * 60 <= to_s))
        yield from_s, minute_s + minutes * 60, minutes
        from_s = minute_s + minutes * 60
