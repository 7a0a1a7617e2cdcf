"""The agent put together, by hand and in one place.

What enters: ``Settings``. What leaves: an ``Agent``, constructed but not started. Rule: nothing of a server is imported
here, not its databases and not its doors: their code would be resident on every captured host (some 75 MB).
"""

from __future__ import annotations

import threading
import time

import pyarrow as pa

from weir.capture.agent import Agent, Node
from weir.capture.attach import How
from weir.capture.bookkeeping import Bookkeeping, BookParts
from weir.capture.counters import Counters
from weir.capture.delivery import Delivery
from weir.capture.devices import Devices
from weir.capture.extended import extended_fields
from weir.capture.folded import FoldedFlows
from weir.capture.ledger import Ledger
from weir.capture.reasons import name_of
from weir.capture.recorder import Parts, Recorder
from weir.capture.ruleset_rows import Recorder as RulesetRecorder
from weir.capture.ruleset_rows import Shelf
from weir.capture.source import Asked, Wanted, opened
from weir.capture.spool import Spool
from weir.capture.tables import Sizes
from weir.capture.tracing import Tracing
from weir.capture.verdicts import verdicts_of
from weir.client import Client
from weir.contract.sign import Credentials
from weir.settings import Settings


def client(settings: Settings) -> Client:
    """The signed client of these settings."""
    credentials = Credentials(settings.access_key_id, settings.access_key_secret, settings.region)
    return Client(settings.endpoint, credentials)


def agent(settings: Settings) -> Agent:
    """Loads the kernel programs and connects recorder, spool and server. Raises what ``opened`` raises."""
    pa.set_memory_pool(pa.system_memory_pool())  # gives back at once: an agent's memory is its host's
    spool = Spool(settings.spool_directory, reserve_bytes=settings.disk_reserve_mb << 20)
    caller = client(settings)
    delivery = Delivery(spool, caller)
    changed = threading.Event()
    extended = extended_fields(settings.netns or None, time.time_ns)
    sizes = Sizes(settings.flows_max, settings.flow_slots)
    kernel = opened(Asked(Wanted(settings.capture_source), How(settings.attach), sizes, settings.netns or None))
    shelf = Shelf(spool, RulesetRecorder(settings.node, settings.netns), delivery.wake)
    tracing = Tracing(settings.netns or None, settings.trace_per_second, time.time_ns)
    verdicts = verdicts_of(tracing, kernel.ask_hooks, shelf, time.time_ns)
    counters, folded = Counters(settings.netns or None), FoldedFlows()
    books = Bookkeeping(
        BookParts(counters, spool, settings.node, delivery.wake, Ledger(kernel.source, name_of), folded)
    )
    recorder = Recorder(
        Parts(
            kernel=kernel,
            devices=Devices(settings.netns),
            books=books,
            spool=spool,
            clock_ns=time.time_ns,
            drain_ns=int(settings.drain_seconds * 1e9),
            spooled=delivery.wake,
            changed=changed.set,
            attributions=(folded, verdicts, *extended.attributions),
            watchers=(verdicts, *extended.watchers),
            behind=extended.behind,
        )
    )
    return Agent(Node(settings.region, settings.node), caller, recorder, delivery, changed)
