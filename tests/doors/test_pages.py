"""The error pages: one for every code, whole, escaped, and reached by the link of the refusal itself."""

from __future__ import annotations

import importlib
import pkgutil
import re
from html.parser import HTMLParser

import pytest
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from weir import model
from weir.doors.app import App
from weir.doors.reply import refusal
from weir.model.failure_index import BY_CODE, TABLES
from weir.model.failures import GATEWAY, PAGE, Failure
from weir.model.remedies import ADVICE, advice
from weir.model.triggers_zh import TRIGGERS_ZH, trigger_zh


class Texts(HTMLParser):
    """What a reader sees, and every attribute that could load something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


@pytest.fixture
def client() -> TestClient:
    other = PlainTextResponse("another door")
    app = App(rpc=other, sls=other, health=dict, registry=CollectorRegistry())
    return TestClient(app, base_url="http://weir.test:8080")


@pytest.mark.parametrize("code", BY_CODE)
def test_every_code_has_its_page(client: TestClient, code: str) -> None:
    answer = client.get(f"/errors/{code}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    seen = Texts(answer.text)
    for failure in BY_CODE[code]:
        told = advice(failure)
        for text in (failure.message, str(failure.status), failure.trigger, told.remedy, told.meaning_zh):
            assert text in seen.texts, text
        assert told.remedy_zh in seen.texts
        assert trigger_zh(failure) in seen.texts
        assert failure.zh in ("", told.meaning_zh)
    assert all(link.startswith("/errors") for link in seen.links)
    assert seen.tags & {"script", "img", "link", "iframe"} == set()


def test_the_link_of_a_refusal_leads_to_its_page(client: TestClient) -> None:
    for failure in PAGE:
        link = refusal(failure, failure.message, "1", "weir.test:8080").document["Recommend"]
        assert failure.code in client.get(link).text


def test_page_and_gateway_have_their_triggers_in_chinese() -> None:
    assert sorted(TRIGGERS_ZH) == sorted(failure.code for failure in (*PAGE, *GATEWAY))
    for failure in (*PAGE, *GATEWAY):
        assert trigger_zh(failure).endswith("。")
        assert trigger_zh(failure) != failure.trigger


def test_the_index_names_every_code(client: TestClient) -> None:
    for path in ("/errors", "/errors/"):
        assert Texts(client.get(path).text).links == [f"/errors/{code}" for code in BY_CODE]


def test_no_table_is_left_out() -> None:
    modules = [importlib.import_module(f"weir.model.{found.name}") for found in pkgutil.iter_modules(model.__path__)]
    with_failures = [
        module for module in modules if sum(isinstance(value, Failure) for value in vars(module).values()) > 0
    ]
    assert sorted(module.__name__ for module in with_failures) == sorted(table.__name__ for table in TABLES)


def test_what_is_no_code_is_escaped(client: TestClient) -> None:
    answer = client.get("/errors/%3Cscript%3Ealert(1)%3C%2Fscript%3E" + "x" * 5000)
    assert answer.status_code == 404
    assert "<script>alert(1)</script>" in "".join(Texts(answer.text).texts)
    assert "script" not in Texts(answer.text).tags
    assert len(answer.text) < 2000
    assert client.get("/errors/ParameterInvalid/").status_code == 404
    assert client.get("/errors/%ff").status_code == 404


def test_only_reading_and_only_ours(client: TestClient) -> None:
    assert client.post("/errors/ParameterInvalid").status_code == 405
    assert client.head("/errors/ParameterInvalid").status_code == 200
    assert client.get("/errorsx").text == "another door"
    assert client.get("/errors/ParameterInvalid", headers={"x-log-apiversion": "0.6.0"}).text == "another door"


def test_only_our_own_faults_are_met_with_patience_alone() -> None:
    last = ADVICE[-1][1].remedy
    found = {code for code, rows in BY_CODE.items() if any(advice(failure).remedy == last for failure in rows)}
    assert found == {"InternalError", "InternalServerError", "OperationFailed.InternalError"}


def test_every_row_of_advice_is_used() -> None:
    first = {next(pattern for pattern, _ in ADVICE if re.fullmatch(pattern, code)) for code in BY_CODE}
    assert [pattern for pattern, _ in ADVICE if pattern not in first] == []
    for found in BY_CODE.values():
        for failure in found:
            told = advice(failure)
            assert told.remedy.endswith(".")
            assert told.remedy_zh.endswith("。")
            assert told.meaning_zh
