"""The policy language, case by case: tests/cases/policies.json says the verdicts, written from the published rules."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.control.conditions import OPERATORS, facts_of
from weir.control.policies import (
    Asked,
    Decision,
    PolicyError,
    PolicyType,
    Verdict,
    decide,
    read_policy,
    read_trust,
    trusts,
)
from weir.control.system_policies import SYSTEM_POLICIES
from weir.control.wildcards import matches

TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "cases" / "policies.json").read_text()
)


def rows(name: str) -> list[Any]:
    return [pytest.param(case, id=case["say"]) for case in TABLE[name]]


def document(statements: list[object]) -> str:
    return json.dumps({"Version": "1", "Statement": statements})


def test_the_table_is_large_and_uses_every_operator() -> None:
    assert len(TABLE["cases"]) + len(TABLE["trusts"]) >= 60
    text = json.dumps(TABLE["cases"])
    assert [operator for operator in OPERATORS if f'"{operator}"' not in text] == []


@pytest.mark.parametrize("case", rows("cases"))
def test_the_verdict(case: dict[str, Any]) -> None:
    held = [read_policy(document(statements)) for statements in case["holds"]]
    session = read_policy(document(case["session"])) if "session" in case else None
    asked = Asked(case["action"], case["resource"], case.get("facts", {}))
    by = PolicyType(case.get("by", PolicyType.IDENTITY))
    assert decide(held, session, asked) == Decision(Verdict(case["verdict"]), by)


@pytest.mark.parametrize("case", rows("trusts"))
def test_the_trust(case: dict[str, Any]) -> None:
    asked = Asked("sts:AssumeRole", "acs:ram::1234567890123456:role/reader", case.get("facts", {}))
    trust = read_trust(document(case["trust"]))
    assert trusts(trust, frozenset(case["identities"]), asked) is Verdict(case["verdict"])


@pytest.mark.parametrize("case", rows("malformed"))
def test_what_is_no_policy(case: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        read_policy(case["text"])


@pytest.mark.parametrize("text", ["[" * 6000, '{"Version": 1' + "0" * 5000 + "}", '"' * 6000])
def test_odd_json_is_no_policy_either(text: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(text)


def test_a_policy_is_no_trust_and_a_trust_no_policy() -> None:
    trust = document([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1:root"}}])
    policy = document([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    with pytest.raises(PolicyError):
        read_policy(trust)
    with pytest.raises(PolicyError):
        read_trust(policy)
    for principal in ({}, [], {"AWS": "*"}, {"RAM": []}, {"RAM": [None]}):
        with pytest.raises(PolicyError):
            read_trust(document([{"Effect": "Allow", "Action": "*", "Principal": principal}]))


def test_every_system_policy_is_one() -> None:
    for policy in SYSTEM_POLICIES.values():
        assert read_policy(policy.document)


def test_the_facts_of_a_request() -> None:
    assert facts_of(1_795_316_930.0, "192.0.2.1", secure=False) == {
        "acs:CurrentTime": "2026-11-22T03:08:50Z",
        "acs:SecureTransport": "false",
        "acs:MFAPresent": "false",
        "acs:SourceIp": "192.0.2.1",
    }
    assert "acs:SourceIp" not in facts_of(0, "", secure=True)


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_mean_what_a_slow_reading_says(pattern: str, text: str) -> None:
    def slow(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(slow(pattern[1:], text[start:]) for start in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and slow(pattern[1:], text[1:])

    assert matches(pattern, text) == slow(pattern, text)


def test_no_pattern_runs_for_ever() -> None:
    started = time.monotonic()
    assert not matches("*a" * 1500 + "b", "a" * 3000)
    assert time.monotonic() - started < 30


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    for text in (
        json.dumps(value),
        document([value]),
        document([{"Effect": "Allow", "Action": value, "Resource": "*"}]),
    ):
        with suppress(PolicyError):
            assert read_policy(text)
