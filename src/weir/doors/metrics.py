"""Prometheus metrics of the server, read from the parts' own counters when they are asked for.

What enters: functions that read counters. What leaves: metric families. Rule: names end in their unit, a sum since the
start in ``_total``; a label's values are bounded by whoever counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class PartMetrics(Collector):
    """``weir_<part>_<name>_total`` for each counter of a part; ``read`` gives name -> value since its start."""

    def __init__(self, part: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._part = part
        self._read = read

    def collect(self) -> Iterator[Metric]:
        for name, value in self._read().items():
            yield CounterMetricFamily(f"weir_{self._part}_{name}", f"{self._part}: {name}, since start", value=value)


class EniSums(Protocol):
    """An ENI's ledger rows added up since the start; ``amounts`` by column, ``newest_end`` in Unix seconds."""

    @property
    def windows(self) -> Mapping[str, int]: ...
    @property
    def amounts(self) -> Mapping[str, int]: ...
    @property
    def newest_end(self) -> int: ...


LEDGER_UNITS = {
    "packets": "Ledger, packets by term, since the server's start; unexplained ones without their sign.",
    "bytes": "Ledger, bytes by term, since the server's start; unexplained ones without their sign.",
    "flows": "Ledger, flows by term, since the server's start.",
    "rows": "Ledger, records by term, since the server's start.",
    "seconds": "Ledger, seconds by term, since the server's start.",
}
"""Last word of a ledger column, which is its unit -> what the metric says."""


class LedgerMetrics(Collector):
    """``weir_ledger_<unit>_total{eni,term}``, ``weir_ledger_windows_total{eni,status}`` and the newest window's end."""

    def __init__(self, read: Callable[[], Mapping[str, EniSums]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        sums = self._read()
        windows = CounterMetricFamily(
            "weir_ledger_windows", "Ledger rows by status, since the server's start.", labels=("eni", "status")
        )
        newest = GaugeMetricFamily(
            "weir_ledger_newest_window_end_timestamp_seconds",
            "Unix time at which the newest window ended.",
            labels=("eni",),
        )
        by_unit = {
            unit: CounterMetricFamily(f"weir_ledger_{unit}", text, labels=("eni", "term"))
            for unit, text in LEDGER_UNITS.items()
        }
        for eni, one in sums.items():
            newest.add_metric((eni,), one.newest_end)
            for status, count in one.windows.items():
                windows.add_metric((eni, status), count)
            for column, amount in one.amounts.items():
                term, _, unit = column.rpartition("-")
                by_unit[unit].add_metric((eni, term.replace("-", "_")), amount)
        yield from (windows, newest, *by_unit.values())
