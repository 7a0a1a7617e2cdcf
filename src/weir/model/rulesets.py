"""Every column of a stored rule set revision, once.

What enters: nothing. What leaves: ``RULESETS``, from which the agent's rows, the logstore's index and ``weir why`` are
derived. A revision is one or several rows (``part`` of ``parts``) whose bodies, put together, are what nft printed.
"""

from __future__ import annotations

from weir.model.fields import Field, Kind

LOGSTORE = "rulesets"
"""Beside the ledger, in its project; the server makes it at its start, for the account of its first start."""
TTL_DAYS = 30
TOPIC = "ruleset"
"""``__topic__`` of every row; ``__source__`` is the node, ``__time__`` the second in which the row was written."""
REPEAT_HOURS = 12
"""A revision that stays in force is written again so often, so that it is found however long it has been in force."""

RULESETS: tuple[Field, ...] = (
    Field("node", Kind.TEXT, "Node whose agent recorded it."),
    Field("netns", Kind.TEXT, "Network namespace that the agent captures; empty: its own."),
    Field("ruleset", Kind.TEXT, "Name of the revision, as in the field ruleset of records."),
    Field("generation", Kind.LONG, "The kernel's counter of changes to its rules."),
    Field("since-ns", Kind.LONG, "Unix time in ns at which the revision was first known to be in force."),
    Field("part", Kind.LONG, "Number of this row among those of the revision, from 1."),
    Field("parts", Kind.LONG, "How many rows the revision has."),
    Field("body", Kind.TEXT, "Base64 of zlib of JSON: document and text, as nft -jn and nft -an list the rule set."),
)

NAMES: tuple[str, ...] = tuple(field.name for field in RULESETS)
