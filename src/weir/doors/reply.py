"""What the RPC door answers with, and how it is spelt: JSON or XML.

What enters: a finished document, and what the caller asked for. What leaves: the HTTP response. Rule: a version 1 call
gets what ``Format`` names, XML if it names nothing, as published; an ACS3 call has no ``Format`` and gets JSON unless
its ``accept`` prefers XML. The question is answered before anything is verified, because a refusal is an answer too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from weir.contract.xml import CONTENT_TYPE, ERROR, to_xml
from weir.model.failures import Failure

RECOMMEND = "http://{host}/errors/{code}"
"""Where clients send their users for an explanation: the error page of the server that refused."""
_NAMED = re.compile(rb"(?:^|&)Format=([^&]*)")


class Format(StrEnum):
    """The two spellings of an answer, as the parameter ``Format`` names them, in either case."""

    JSON = "JSON"
    XML = "XML"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``root``: the name of the XML root."""

    status: int
    document: dict[str, Any]
    root: str

    def response(self, form: Format) -> Response:
        """The answer on the wire; ``x-acs-request-id`` repeats the id for clients that look there."""
        if form is Format.XML:
            body, media_type = to_xml(self.root, self.document), CONTENT_TYPE
        else:
            body, media_type = _json(self.document), "application/json;charset=utf-8"
        headers = {"x-acs-request-id": self.document["RequestId"], "content-type": media_type}
        return Response(body.encode("utf-8", "replace"), self.status, headers)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def refusal(failure: Failure, message: str, request_id: str, host: str) -> Reply:
    """The published shape of a refusal. ``host``: the request's ``Host`` header."""
    document = {
        "RequestId": request_id,
        "HostId": host,
        "Code": failure.code,
        "Message": message,
        "Recommend": RECOMMEND.format(host=host, code=quote(failure.code)),
    }
    return Reply(failure.status, document, ERROR)


def format_of(headers: Mapping[str, str], query: bytes, body: bytes | None) -> Format:
    """What the caller wants to read. ``headers`` in lower case; a body that was too long to read says nothing."""
    accept = headers.get("accept", "").lower()
    if is_acs3(headers):
        return Format.XML if "xml" in accept and "json" not in accept else Format.JSON
    for text in (query, body or b""):
        if named := _NAMED.search(text):
            return Format.JSON if named[1].upper() == b"JSON" else Format.XML
    # An ACS3 client without credentials signs nothing, yet reads only JSON.
    return Format.JSON if "x-acs-action" in headers and "json" in accept else Format.XML


def is_acs3(headers: Mapping[str, str]) -> bool:
    """Whether the call is signed with ACS3. ``x-acs-action`` does not tell: the version 1 core sends it too."""
    return headers.get("authorization", "").startswith("ACS3-")
