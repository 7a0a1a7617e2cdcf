"""JSON or XML: what each kind of caller asks for, and the same answer in both."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from weir.doors.reply import Format, Reply, format_of, refusal
from weir.model.failures import INVALID_HD_MONITOR_STATUS

ACS3 = {"x-acs-action": "CreateFlowLog", "authorization": "ACS3-HMAC-SHA256 x"}


@pytest.mark.parametrize(
    ("headers", "query", "body", "expected"),
    [
        ({}, b"Format=JSON", b"", Format.JSON),
        ({}, b"Action=X&Format=json", b"", Format.JSON),
        ({}, b"", b"Action=X&Format=Json&Version=1", Format.JSON),
        ({}, b"Format=XML", b"", Format.XML),
        ({}, b"Format=xml", b"", Format.XML),
        ({}, b"", b"", Format.XML),
        ({}, b"Format=", b"", Format.XML),
        ({}, b"LogFormat=JSON", b"MyFormat=JSON", Format.XML),
        ({}, b"\xff%zz&Format=YAML", None, Format.XML),
        ({"accept": "application/json"}, b"Action=X", b"", Format.XML),
        ({"x-acs-action": "X"}, b"Format=XML", b"", Format.XML),
        ({"x-acs-action": "X", "accept": "*/*"}, b"", b"", Format.XML),
        ({"x-acs-action": "X", "accept": "application/json"}, b"", b"", Format.JSON),
        (ACS3, b"", b"", Format.JSON),
        ({**ACS3, "accept": "application/json"}, b"", b"", Format.JSON),
        ({**ACS3, "accept": "*/*"}, b"Format=XML", b"", Format.JSON),
        ({**ACS3, "accept": "application/xml"}, b"", b"", Format.XML),
        ({**ACS3, "accept": "text/xml, application/json;q=0.9"}, b"", b"", Format.JSON),
    ],
)
def test_what_a_caller_gets(headers: dict[str, str], query: bytes, body: bytes | None, expected: Format) -> None:
    assert format_of(headers, query, body) is expected


def test_a_refusal_in_both_spellings() -> None:
    reply = refusal(INVALID_HD_MONITOR_STATUS, "no & not <now>", "54B4", "127.0.0.1:8080")
    as_json = reply.response(Format.JSON)
    assert (as_json.status_code, as_json.headers["content-type"]) == (400, "application/json;charset=utf-8")
    document = json.loads(bytes(as_json.body))
    assert list(document) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert document["Recommend"] == "http://127.0.0.1:8080/errors/InvalidHdMonitorStatus"
    as_xml = reply.response(Format.XML)
    assert (as_xml.status_code, as_xml.headers["content-type"]) == (400, "text/xml;charset=utf-8")
    root = ElementTree.fromstring(bytes(as_xml.body))
    assert root.tag == "Error"
    assert {child.tag: child.text for child in root} == document


def test_a_lone_surrogate_does_not_break_the_answer() -> None:
    for form in Format:
        assert b"RequestId" in bytes(Reply(200, {"RequestId": "1", "A": "\ud800"}, "AResponse").response(form).body)
