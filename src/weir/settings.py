"""Every setting, once: name, environment variable, default, unit.

What enters: command-line values and the environment. What leaves: one frozen ``Settings``. Rule: a command-line value
wins over the environment, the environment over the default; an unreadable value is refused with the variable's name.
The manual's table and ``weir settings`` are drawn from ``SETTINGS``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SettingError(ValueError):
    """A setting's text cannot be read; the message names the setting and what is expected."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``read`` turns its text into its value and raises ``ValueError`` when it cannot."""

    name: str
    default: str
    read: Callable[[str], Any]
    doc: str

    @property
    def variable(self) -> str:
        return "WEIR_" + self.name.upper()


@dataclass(frozen=True, slots=True)
class Address:
    """HOST:PORT; an IPv6 host is written in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(text: str) -> Address:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("expected HOST:PORT")
    return Address(host.strip("[]"), int(port))


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ValueError("expected a whole number above 0")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdigit():
        raise ValueError("expected a whole number")
    return int(text)


def _per_second(text: str) -> int:
    if not text.isdigit() or int(text) > TRACES_MAX:
        raise ValueError(f"expected a whole number up to {TRACES_MAX}")
    return int(text)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise ValueError("expected seconds between 0 and 86400")
    return value


def _seconds_or_never(text: str) -> float:
    return 0.0 if text == "0" else _seconds(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(map(Path, _words(text)))


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return text

    return read


TRACES_MAX = 1000
"""Packets traced a second. More is refused: each costs the kernel a message for every rule that it meets."""
CAPTURE_SOURCE_DOC = "Who counts: kernel, packets (packet sockets: no REJECT), or auto (the first that can be had)."

SETTINGS: tuple[Setting, ...] = (
    Setting("data", "./weir-data", Path, "Directory of everything Weir keeps: catalog, logs, keys, spool."),
    Setting("listen", "127.0.0.1:8080", _address, "HOST:PORT of the one port: RPC, SLS, health, metrics. 0: any free."),
    Setting("catalog", "", str, "postgresql://... that several servers share; empty: SQLite in the data directory."),
    Setting("key_file", "", str, "Key that seals secrets; servers of one catalog share it. Empty: DATA/secret.key."),
    Setting("region", "cn-hangzhou", str, "Region this server is; also the default of every client command."),
    Setting("regions", "", _words, "Further regions the API answers for, after this one."),
    Setting("sls_bases", "sls.local,localhost,127.0.0.1", _words, "Host names under which PROJECT.NAME is a project."),
    Setting("time_zone", "UTC", str, "Time zone in which queries print and truncate times."),
    Setting("query_memory_mb", "1024", _positive, "Memory of one query in MiB; a query above it fails alone."),
    Setting("query_seconds", "55", _seconds, "Run time of one query; a query above it fails alone."),
    Setting("query_rows_max", "1000000", _positive, "Rows that one SQL query answers; a query above it fails alone."),
    Setting("geo_file", "", _paths, "MaxMind-format files of places and providers, with commas between; for ip_to_*."),
    Setting("threat_file", "", str, "Addresses, networks, domains, URLs, one a line; for security_check_*."),
    Setting("disk_reserve_mb", "512", _positive, "MiB of the disk kept free; below, rows are refused, not reads."),
    Setting(
        "iceberg_seconds",
        "10",
        _seconds_or_never,
        "Seconds between two publications of the lake as Iceberg tables; 0: none.",
    ),
    Setting("endpoint", "http://127.0.0.1:8080", str, "Server that client commands and the agent talk to."),
    Setting("access_key_id", "", str, "AccessKey of client commands and of the agent."),
    Setting("access_key_secret", "", str, "Secret of that AccessKey."),
    Setting("security_token", "", str, "Security token of that AccessKey, where it is a temporary one."),
    Setting("node", socket.gethostname(), str, "Name of this host in ENI bindings."),
    Setting("netns", "", str, "Network namespace whose devices the agent captures; empty: its own."),
    Setting("capture_source", "kernel", _one_of("kernel", "packets", "auto"), CAPTURE_SOURCE_DOC),
    Setting("attach", "auto", _one_of("auto", "tcx", "clsact"), "Hooks of the kernel programs; auto: tcx if there."),
    Setting("spool", "", str, "Directory of the agent's undelivered batches; empty: DATA/spool."),
    Setting("flows_max", "262144", _positive, "Flows per family in the shared kernel tables; 0.75 kB each."),
    Setting("flow_slots", "65536", _whole, "Flows in each processor's own table; 128 bytes each. 0: none."),
    Setting(
        "trace_per_second", "0", _per_second, "Packets whose way through nftables is traced; others are not. 0: none."
    ),
    Setting("drain_seconds", "5", _seconds, "Seconds between two drains of the kernel tables."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings. ``sources``: setting name -> 'option', 'environment' or 'default'."""

    data: Path
    listen: Address
    catalog: str
    key_file: str
    region: str
    regions: tuple[str, ...]
    sls_bases: tuple[str, ...]
    time_zone: str
    query_memory_mb: int
    query_seconds: float
    query_rows_max: int
    geo_file: tuple[Path, ...]
    threat_file: str
    disk_reserve_mb: int
    iceberg_seconds: float
    endpoint: str
    access_key_id: str
    access_key_secret: str
    security_token: str
    node: str
    netns: str
    capture_source: str
    attach: str
    spool: str
    flows_max: int
    flow_slots: int
    trace_per_second: int
    drain_seconds: float
    sources: Mapping[str, str]

    @property
    def spool_directory(self) -> Path:
        return Path(self.spool) if self.spool else self.data / "spool"

    @property
    def key_path(self) -> Path:
        return Path(self.key_file) if self.key_file else self.data / "secret.key"

    @property
    def catalog_url(self) -> str:
        return self.catalog or f"sqlite:///{(self.data / 'catalog.db').absolute()}"


def load(environment: Mapping[str, str], options: Mapping[str, str | None] | None = None) -> Settings:
    """Reads all settings. Raises ``SettingError`` naming the first that cannot be read."""
    options = options or {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in SETTINGS:
        text, source = setting.default, "default"
        if environment.get(setting.variable):
            text, source = environment[setting.variable], "environment"
        if options.get(setting.name) is not None:
            text, source = str(options[setting.name]), "option"
        try:
            values[setting.name] = setting.read(text)
        except ValueError as error:
            raise SettingError(f"{setting.variable}={text!r}: {error}") from error
        sources[setting.name] = source
    return Settings(**values, sources=sources)
