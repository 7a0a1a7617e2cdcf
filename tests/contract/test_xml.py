"""XML says what JSON says: every example, and every document of the shapes that answers have."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.contract import examples
from weir.contract.declare import Spec
from weir.contract.products import ACTIONS
from weir.contract.xml import root_of, to_xml

SPECS = [pytest.param(spec, id=spec.name) for spec in ACTIONS.values()]
NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")) | (
    st.sampled_from(["\t", "\n", "\r", "a\r\nb", "<&>]]>\"'"])
)
LEAVES = TEXTS | st.booleans() | st.integers()
DOCUMENTS = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=4),
    lambda inner: st.dictionaries(NAMES, LEAVES | inner | st.lists(inner | TEXTS, max_size=3), max_size=4),
)


def pairs(path: str, value: Any) -> list[tuple[str, str]]:
    """Every leaf with its path, in order: all that a document says once types are texts."""
    if isinstance(value, list):
        return [pair for one in value for pair in pairs(path, one)]
    if isinstance(value, dict):
        inner = [pair for name, one in value.items() for pair in pairs(f"{path}/{name}", one)]
        return inner or [(path, "")]
    return [(path, str(value).lower() if isinstance(value, bool) else str(value))]


def read(path: str, element: ElementTree.Element) -> list[tuple[str, str]]:
    inner = [pair for one in element for pair in read(f"{path}/{one.tag}", one)]
    return inner or [(path, element.text or "")]


@given(DOCUMENTS)
def test_nothing_is_lost_or_added(document: dict[str, Any]) -> None:
    root = ElementTree.fromstring(to_xml("AnyResponse", document).encode())
    assert root.tag == "AnyResponse"
    assert read("", root) == pairs("", document)


@pytest.mark.parametrize("spec", SPECS)
def test_every_example_answer(spec: Spec) -> None:
    document = examples.document(spec.result)
    root = ElementTree.fromstring(to_xml(root_of(spec.name), document).encode())
    assert root.tag == f"{spec.name}Response"
    assert read("", root) == pairs("", document)


def test_the_published_shape() -> None:
    document = {
        "RequestId": "54B4",
        "FlowLogs": {"FlowLog": [{"FlowLogId": "fl-1", "TrafficPath": {"TrafficPathList": ["all"]}}, {"Up": True}]},
        "Tags": {"Tag": []},
        "Description": "a < b & c",
    }
    assert to_xml("DescribeFlowLogsResponse", document) == (
        '<?xml version="1.0" encoding="UTF-8"?><DescribeFlowLogsResponse><RequestId>54B4</RequestId><FlowLogs><FlowLog>'
        "<FlowLogId>fl-1</FlowLogId><TrafficPath><TrafficPathList>all</TrafficPathList></TrafficPath></FlowLog><FlowLog>"
        "<Up>true</Up></FlowLog></FlowLogs><Tags></Tags><Description>a &lt; b &amp; c</Description>"
        "</DescribeFlowLogsResponse>"
    )


def test_what_xml_cannot_hold_is_replaced() -> None:
    text = "".join(chr(code) for code in range(32)) + "\ufffe\uffff\ud800"
    root = ElementTree.fromstring(to_xml("R", {"A": text}).encode())
    assert root.findtext("A") == "".join(c if c in "\t\n\r" else "\ufffd" for c in text)
