"""Prometheus metrics of the server, read from the parts' own counters when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector


class PartMetrics(Collector):
    """``weir_<part>_<name>_total`` for each counter of a part; ``read`` gives name -> value since its start."""

    def __init__(self, part: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._part = part
        self._read = read

    def collect(self) -> Iterator[Metric]:
        for name, value in self._read().items():
            yield CounterMetricFamily(f"weir_{self._part}_{name}", f"{self._part}: {name}, since start", value=value)
