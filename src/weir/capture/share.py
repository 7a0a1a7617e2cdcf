"""What of a window is whose: the terms in which labelling is asked for.

What enters: nothing. What leaves: small frozen values that the roster makes, and that labels and attributions read.
Rule: an ENI is known here by what its records say of it, never by its device, which may change.
"""

from __future__ import annotations

from dataclasses import dataclass

from weir.capture.path import DEFAULT_PATHS, PathTable
from weir.model.paths import PathKind
from weir.model.resources import TrafficType


@dataclass(frozen=True, slots=True)
class Labels:
    """Who an ENI is: the constant columns of its records."""

    account_id: str
    eni_id: str
    vm_id: str
    vswitch_id: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class Keep:
    """What a flow log keeps: verdicts, IPv6 only with ``dual_stack``, of the columns ``fields`` (empty: all of
    ``FIELDS``, none of ``EXTENDED``), and of the paths ``paths`` (empty: all)."""

    traffic_type: TrafficType
    dual_stack: bool
    fields: frozenset[str] = frozenset()
    paths: frozenset[PathKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A window: [start_s, end_s) in Unix seconds."""

    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Share:
    """One flow log's part of one ENI's window."""

    labels: Labels
    keep: Keep
    bounds: Bounds
    paths: PathTable = DEFAULT_PATHS
