"""The captured namespace's rule sets: which revision was in force when.

What enters: nftables' notifications (NFNLGRP_NFTABLES) and what nft lists. What leaves: ``Revision`` for a span of
time, and every new revision once, for whoever stores it. Rule: a revision is known to be in force from the moment at
which the kernel first named its generation to the last such moment; what lies between two of these spans belongs to no
revision. A listing counts only if the generation was the same before and after it.
"""

from __future__ import annotations

import logging
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from weir.capture import netns, own_table
from weir.capture.nft import Ruleset, Unreadable, parse

NFT_PLACES = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin"  # not every PATH has the sbin directories
NFT_SECONDS = 20.0
"""How long nft may take to list; above it the generation stays without a listing, and rules of its time are unknown."""
DOCUMENT_BYTES_MAX = 16 << 20
"""Of one listing. A larger rule set is not read: its time has no revision, and rules are unknown."""
HISTORY_MAX = 128
"""Revisions remembered. Above it the oldest is forgotten; at a reload every 5 s that is the longest window."""
HISTORY_RULES_MAX = 10_000
"""Rules in all of them, some 3 kB each. Above it the oldest revisions are forgotten, but for the newest."""
CONFIRM_SECONDS = 1.0
"""How often the kernel is asked for its generation: so long before a change its time may belong to no revision."""
LIST = ("list", "ruleset")
EXTENSION, SAVING = '"xt"', ("iptables-nft-save", "ip6tables-nft-save")
"""What nft says of an extension of iptables; who prints the rules behind them."""
LISTINGS_MAX = 3
"""Listings tried while generations change under them; then the next notification is waited for."""

NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFNLGRP_NFTABLES = 12, 10, 7
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NLM_F_REQUEST = 270, 1, 1
NFT_MSG_NEWGEN, NFT_MSG_GETGEN, NFTA_GEN_ID = 15, 16, 1
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_FAMILY_BYTES = 4
RECEIVE_BYTES = 1 << 16

log = logging.getLogger("weir.agent")


class NoRulesets(OSError):
    """nft or its kernel part is not there, or it failed (trouble)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What nft printed of one generation: as JSON, and as text with handles; ``saved``: see ``iptables``."""

    document: str
    text: str
    saved: str = ""


NOT_KEPT = Listing("", "")
"""Of a revision that was published and is in force no more: its rules are kept, not their listing."""


@dataclass(slots=True, eq=False)
class Revision:
    """One rule set, known to be in force from ``since_ns`` to ``until_ns`` (Unix ns, both included)."""

    generation: int
    since_ns: int
    until_ns: int
    ruleset: Ruleset
    listing: Listing


@dataclass(slots=True)
class Counted:
    """Since the start. ``missed``: generations that changed again before they could be listed, or could not be."""

    revisions: int = 0
    missed: int = 0


class Generations:
    """The kernel's counter of rule set changes in one network namespace, and its notifications. Not thread-safe."""

    def __init__(self, netns_name: str | None) -> None:
        """Raises ``OSError`` where the kernel has no nftables, or this process no CAP_NET_ADMIN."""
        self._news = netns.inside(netns_name, netlink)
        self._questions = netns.inside(netns_name, netlink)
        self._news.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)
        self._questions.settimeout(NFT_SECONDS)

    def now(self) -> int:
        """The generation in force."""
        kind = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN
        self._questions.send(_HEADER.pack(_HEADER.size + _FAMILY_BYTES, kind, NLM_F_REQUEST, 0, 0) + bytes(4))
        found = _generations(self._questions.recv(RECEIVE_BYTES))
        if not found:
            raise NoRulesets(0, "the kernel names no generation of its rule set")
        return found[-1]

    def wait(self, seconds: float) -> None:
        """Returns after a change, or after ``seconds``; takes all notifications that wait."""
        self._news.settimeout(seconds)
        try:
            self._news.recv(RECEIVE_BYTES)
            self._news.settimeout(0)
            while True:
                self._news.recv(RECEIVE_BYTES)
        except (TimeoutError, BlockingIOError):
            return
        except OSError:  # ENOBUFS: more notifications than fit; the generation tells what they would have told
            return

    def close(self) -> None:
        self._news.close()
        self._questions.close()


def netlink() -> socket.socket:
    """A raw socket to netfilter, in the caller's namespace. Without an address it would hear no notification."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
    made.bind((0, 0))
    return made


def _generations(data: bytes) -> list[int]:
    """The generations named by the NFT_MSG_NEWGEN messages of one datagram."""
    found, at = [], 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            break
        inner = at + _HEADER.size + _FAMILY_BYTES
        if kind == NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN and inner + 8 <= at + length:
            _, attribute = _ATTRIBUTE.unpack_from(data, inner)
            if attribute == NFTA_GEN_ID:
                found.append(struct.unpack_from(">I", data, inner + _ATTRIBUTE.size)[0])
        at += (length + 3) & ~3
    return found


def listing(netns_name: str | None) -> Listing:
    """All listings as they are now, without our own tables. Raises ``NoRulesets``."""
    document = own_table.without(nft(netns_name, "-jn", *LIST))
    saved = ""
    if EXTENSION in document:
        programs = [program for program in SAVING if shutil.which(program, path=NFT_PLACES)]
        saved = "".join(_run(netns_name, program) for program in programs)
    return Listing(document, own_table.text_without(nft(netns_name, "-an", *LIST)), saved)


def nft(netns_name: str | None, *arguments: str, text: str | None = None) -> str:
    """What nft printed. ``text``: what it reads. Raises ``NoRulesets`` with nft's own words."""
    return _run(netns_name, "nft", *arguments, text=text)


def _run(netns_name: str | None, name: str, *arguments: str, text: str | None = None) -> str:
    program = shutil.which(name, path=NFT_PLACES)
    if program is None:
        raise NoRulesets(2, f"{name} is not installed (package nftables)")
    command = [program, *arguments]
    try:
        done = netns.inside(
            netns_name,
            lambda: subprocess.run(
                command, input=text, capture_output=True, text=True, timeout=NFT_SECONDS, check=False
            ),
        )
    except subprocess.TimeoutExpired as error:
        raise NoRulesets(0, f"{name} took more than {NFT_SECONDS:g} s") from error
    if done.returncode != 0:
        raise NoRulesets(done.returncode, f"{name}: {done.stderr.strip()}")
    if len(done.stdout) > DOCUMENT_BYTES_MAX:
        raise NoRulesets(0, f"the rule set is larger than {DOCUMENT_BYTES_MAX >> 20} MiB")
    return done.stdout


@dataclass(slots=True)
class History:
    """Revisions and when they were in force. No clock, no I/O; the caller takes turns."""

    revisions: list[Revision] = field(default_factory=list)
    counted: Counted = field(default_factory=Counted)

    def confirm(self, generation: int, at_ns: int) -> bool:
        """The kernel named this generation at this time; False when it is not the newest one here."""
        if not self.revisions or self.revisions[-1].generation != generation:
            return False
        self.revisions[-1].until_ns = max(self.revisions[-1].until_ns, at_ns)
        return True

    def add(self, revision: Revision) -> bool:
        """A new generation was listed; False if it is the newest revision still.

        The next generation with the same rules: nothing was in between, so the revision was in force all the time.
        """
        if self.revisions:
            before = self.revisions[-1]
            same = before.ruleset.revision == revision.ruleset.revision
            if same and revision.generation == before.generation + 1:
                before.generation, before.until_ns = revision.generation, revision.until_ns
                return False
            self.counted.missed += max(0, revision.generation - before.generation - 1)
            if same:
                revision.ruleset = before.ruleset
        self.counted.revisions += 1
        kept = [*self.revisions[-HISTORY_MAX + 1 :], revision]
        while len(kept) > 1 and sum(one.ruleset.size for one in kept) > HISTORY_RULES_MAX:
            kept.pop(0)
        self.revisions = kept
        return True

    def in_force(self, first_ns: int, last_ns: int) -> Revision | None:
        """The one revision that was in force all the time, None if it is not known or if there were several."""
        for revision in reversed(self.revisions):
            if revision.since_ns <= first_ns:
                return revision if last_ns <= revision.until_ns else None
        return None


class Rulesets:
    """Follows one namespace's rule sets from a thread of its own, between ``start`` and ``stop``."""

    def __init__(self, netns_name: str | None, clock_ns: Callable[[], int]) -> None:
        self._netns, self._clock_ns = netns_name, clock_ns
        self._unpublished: list[Revision] = []
        self._published_ns = 0
        self._history = History()
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._generations: Generations | None = None
        self._silent = False

    @property
    def counted(self) -> Counted:
        return self._history.counted

    def start(self) -> None:
        """Begins to follow, with the revision in force now; where that cannot be, says so and stays without."""
        if self._thread is not None:
            return
        try:
            self._generations = Generations(self._netns)
        except OSError as trouble:
            log.warning("rule sets are not recorded, rules of drops stay unknown: %s", trouble)
            return
        self._stopping.clear()
        self._look(self._generations)
        self._thread = threading.Thread(
            target=self._follow, args=(self._generations,), name="weir-rulesets", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None and self._generations is not None:
            self._thread.join()
            self._generations.close()
            self._thread = self._generations = None

    def confirm(self) -> None:
        """Asks at once whether the newest revision still is in force; one that is newer comes with its notification."""
        if self._generations is None:
            return
        at_ns = self._clock_ns()
        try:
            generation = self._generation(self._generations)
        except OSError:
            return
        with self._lock:
            self._history.confirm(generation, at_ns)

    def _generation(self, generations: Generations) -> int:
        with self._asking:
            return generations.now()

    def in_force(self, first_ns: int, last_ns: int) -> Revision | None:
        """As ``History.in_force``, of a time before the last ``confirm``."""
        with self._lock:
            return self._history.in_force(first_ns, last_ns)

    def to_publish(self, now_ns: int, repeat_ns: int) -> list[Revision]:
        """Revisions that nobody has asked for here yet, and the one in force if the last was ``repeat_ns`` ago."""
        with self._lock:
            news, self._unpublished = self._unpublished, []
            if not news and self._history.revisions and now_ns - self._published_ns >= repeat_ns:
                news = self._history.revisions[-1:]
            for revision in self._history.revisions[:-1]:
                if revision not in news:
                    revision.listing = NOT_KEPT
        if news:
            self._published_ns = now_ns
        return news

    def _follow(self, generations: Generations) -> None:
        while not self._stopping.is_set():
            self._look(generations)
            generations.wait(CONFIRM_SECONDS)

    def _look(self, generations: Generations) -> None:
        """Confirms the newest revision, or lists a newer one."""
        try:
            for _ in range(LISTINGS_MAX):
                at_ns = self._clock_ns()
                generation = self._generation(generations)
                with self._lock:
                    if self._history.confirm(generation, at_ns):
                        return
                since_ns = self._clock_ns()
                listed = listing(self._netns)
                if self._generation(generations) == generation:
                    self._add(
                        Revision(
                            generation, since_ns, since_ns, parse(listed.document, listed.text, listed.saved), listed
                        )
                    )
                    return
            self._silent = False
        except (OSError, Unreadable) as trouble:
            if not self._silent:
                log.warning("the rule set could not be recorded, rules of drops are unknown meanwhile: %s", trouble)
            self._silent = True

    def _add(self, revision: Revision) -> None:
        self._silent = False
        with self._lock:
            if not self._history.add(revision):
                return
            self._unpublished.append(revision)
        log.info("rule set %s is in force", revision.ruleset.revision)
