"""A rule set's revision as rows of the logstore ``rulesets``, and back.

What enters: a revision, or the rows of one. What leaves: an Arrow table as ``PutLogs`` takes it, or what nft printed.
Rule: the rows hold nft's own words, so that a later Weir may understand more of them than the one that wrote.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from weir.capture.nft import Unreadable
from weir.capture.rulesets import Listing, Revision
from weir.capture.spool import Spool, SpoolFull, Target
from weir.model.ledger import PROJECT
from weir.model.rulesets import LOGSTORE, TOPIC

PART_CHARACTERS = 1 << 19
"""Of a body in one row. A larger revision has several rows."""
SECOND_NS = 1_000_000_000
EXTRA = pa.map_(pa.string(), pa.string())

log = logging.getLogger("weir.agent")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Who recorded: node and namespace, as in the columns of these names."""

    node: str
    netns: str


def table(revision: Revision, recorder: Recorder, at_ns: int) -> pa.Table:
    """The revision's rows, shape (parts,). ``at_ns``: when they are written, the time of a repeated row."""
    body = _packed(revision.listing)
    pieces = [body[at : at + PART_CHARACTERS] for at in range(0, len(body), PART_CHARACTERS)]
    common = {
        "node": recorder.node,
        "netns": recorder.netns,
        "ruleset": revision.ruleset.revision,
        "generation": str(revision.generation),
        "since-ns": str(revision.since_ns),
        "parts": str(len(pieces)),
    }
    extra = [list({**common, "part": str(number), "body": piece}.items()) for number, piece in enumerate(pieces, 1)]
    columns = {
        "__time__": pa.array([at_ns // SECOND_NS] * len(pieces), pa.int64()),
        "__source__": pa.array([recorder.node] * len(pieces), pa.string()),
        "__topic__": pa.array([TOPIC] * len(pieces), pa.string()),
        "__extra__": pa.array(extra, EXTRA),
    }
    return pa.table(columns)


class Shelf:
    """Where revisions wait for delivery: the agent's spool. Used by the recorder's thread alone."""

    def __init__(self, spool: Spool, recorder: Recorder, spooled: Callable[[], None]) -> None:
        self._spool, self._recorder, self._spooled = spool, recorder, spooled

    def publish(self, revision: Revision, at_ns: int) -> None:
        """Keeps the revision's rows on disk; a disk that takes no more is said, and costs this revision."""
        target = Target(PROJECT, LOGSTORE, f"ruleset-{uuid.uuid4().hex}")
        try:
            self._spool.keep(table(revision, self._recorder, at_ns), target)
        except SpoolFull as trouble:
            log.error("rule set %s is not stored: %s", revision.ruleset.revision, trouble)
            return
        self._spooled()


def _packed(listing: Listing) -> str:
    said = json.dumps({"document": listing.document, "text": listing.text, "saved": listing.saved})
    return base64.b64encode(zlib.compress(said.encode())).decode()


def listing(rows: Sequence[Mapping[str, str]]) -> Listing:
    """What nft printed, from all rows of one revision in any order. Raises ``Unreadable``."""
    pieces = {int(row["part"]): row["body"] for row in rows}
    if not pieces or sorted(pieces) != list(range(1, int(rows[0]["parts"]) + 1)):
        raise Unreadable("rows of the revision are missing")
    try:
        said = json.loads(zlib.decompress(base64.b64decode("".join(pieces[number] for number in sorted(pieces)))))
        return Listing(str(said["document"]), str(said["text"]), str(said.get("saved", "")))
    except (binascii.Error, zlib.error, ValueError, KeyError) as error:
        raise Unreadable(f"the rows hold no rule set: {error}") from error
