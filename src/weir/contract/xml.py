"""An answer as XML, for the clients that ask for it or do not say.

What enters: the name of the root element and the document that JSON clients get. What leaves: the text of one XML 1.0
document. Rule: the element names are the JSON keys; a list is its elements repeated, each under the key that holds
the list, so ``{"Tags": {"Tag": [a, b]}}`` is ``<Tags><Tag>a</Tag><Tag>b</Tag></Tags>`` and an empty list is an empty
wrapper. Source: RPC style, "Response": root ``<ActionResponse>``, or ``<Error>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

CONTENT_TYPE = "text/xml;charset=utf-8"
"""Exactly so: official clients compare the whole text."""
ERROR = "Error"

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, not even escaped; each becomes U+FFFD."""


def root_of(action: str) -> str:
    """``CreateFlowLog`` -> ``CreateFlowLogResponse``."""
    return f"{action}Response"


def to_xml(root: str, document: Mapping[str, Any]) -> str:
    """The document under ``root``: objects, lists, strings, numbers and booleans (``true``, ``false``); no None."""
    return '<?xml version="1.0" encoding="UTF-8"?>' + "".join(_element(root, document))


def _element(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _element(name, one)
        return
    yield f"<{name}>"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _element(key, inner)
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # A bare carriage return would be read back as a line feed.
    return escape(_FORBIDDEN.sub("\ufffd", text), {"\r": "&#13;"})
