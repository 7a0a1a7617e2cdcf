"""The one layout of a stored row, for every logstore.

Reserved columns first, then one typed column for every flow field of ``model.fields``, then ``__extra__`` for every
other key. A value that its typed column cannot give back character by character (say ``"-"`` or ``"007"`` for a
number) is kept under its own name in ``__extra__``: what a client wrote is what a client reads. One layout means
one table for every engine, and a logstore that holds no flow records pays for the empty columns only a few bytes
per segment.
"""

from __future__ import annotations

import pyarrow as pa

from weir.model.fields import FIELDS, Kind

ARROW_TYPE = {Kind.TEXT: pa.string(), Kind.LONG: pa.int64()}
TAGS = pa.map_(pa.string(), pa.string())

# What a writer hands in.
PUT_SCHEMA = pa.schema(
    [
        pa.field("__time__", pa.int64(), nullable=False),  # Unix time, seconds
        pa.field("__time_ns__", pa.int32()),  # nanoseconds within the second, where the writer sent them
        pa.field("__source__", pa.string(), nullable=False),
        pa.field("__topic__", pa.string(), nullable=False),
        pa.field("__tags__", TAGS),  # LogTags of the group, key without the "__tag__:" prefix
        *(pa.field(field.name, ARROW_TYPE[field.kind]) for field in FIELDS),
        pa.field("__extra__", TAGS),
    ]
)

# What the store adds when it accepts a row.
STORED_SCHEMA = pa.schema(
    [
        pa.field("__shard__", pa.int16(), nullable=False),
        pa.field("__group__", pa.int64(), nullable=False),  # cursor of the row's log group within its shard
        pa.field("__arrival__", pa.int64(), nullable=False),  # Unix time of receipt, nanoseconds
        *PUT_SCHEMA,
    ]
)

PLACE = pa.field("__place__", pa.int16())
"""Place of a row within its log group. Only compacted segments have it: their rows are not in order of arrival."""

GROUP_ROWS_MAX = 4096
"""Rows of one log group (source: PutLogs limits). A larger Arrow batch becomes several groups in one commit."""
