"""``weir agent``: the process on a captured host. No code of a server is loaded into it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

import click

from weir import compose_agent
from weir.capture.libbpf import BpfTrouble
from weir.capture.netns import NoSuchNamespace
from weir.capture.source import CannotCapture, Wanted, missing
from weir.cli.context import Trouble, log_to_stderr, options, settings_of
from weir.settings import Settings

AGENT_OPTIONS = (
    "node",
    "netns",
    "capture_source",
    "attach",
    "spool",
    "flows_max",
    "flow_slots",
    "drain_seconds",
    "trace_per_second",
)


@click.command()
@click.option("--server", "endpoint", help="URL of the server; the same as --endpoint.")
@options("access_key_id", "access_key_secret", "region", "data", *AGENT_OPTIONS)
def agent(**given: str | None) -> None:
    """The agent alone: captures the ENIs bound to this host's devices."""
    log_to_stderr()
    settings = settings_of(**given)
    if not settings.access_key_id:
        raise Trouble(
            "no AccessKey: set WEIR_ACCESS_KEY_ID and WEIR_ACCESS_KEY_SECRET (weir account create-key --agent)"
        )
    require_capture(settings)
    try:
        made = compose_agent.agent(settings)
    except (BpfTrouble, CannotCapture, NoSuchNamespace, OSError) as error:
        raise Trouble(f"cannot capture here: {error}") from error
    on_signal(made.stop)
    made.run()


def require_capture(settings: Settings) -> None:
    """Names everything this host lacks, in one message."""
    if lacking := missing(Wanted(settings.capture_source)):
        raise Trouble("cannot capture on this host: " + " ".join(lacking))


def on_signal(action: Callable[[], None]) -> None:
    """SIGTERM and SIGINT call ``action`` once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        action()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


COMMANDS = (agent,)
