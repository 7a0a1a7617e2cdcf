"""The error pages: what a refusal means and what to do about it, in English and Chinese.

What enters: a path below ``/errors``. What leaves: an HTML page per code, generated from the failure table, and a list
of all codes at ``/errors``. No signature is needed, because nothing here depends on who asks: the pages hold declared
texts only. Rule: every text is escaped, and a page loads nothing, neither from here nor from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from weir.model.failure_index import BY_CODE
from weir.model.failures import Failure
from weir.model.remedies import advice
from weir.model.triggers_zh import trigger_zh

PATH = "/errors"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color-scheme:light dark}"
    "dt{font-weight:600;margin-top:.6em}dd{margin:0}code{font-size:.95em}"
)


def is_page(path: str) -> bool:
    """Whether the path is ours."""
    return path == PATH or path.startswith(PATH + "/")


def page(request: Request) -> Response:
    """The answer to a request for one of our pages."""
    if request.method not in ("GET", "HEAD"):
        return HTMLResponse(_html("405", "<h1>405</h1>"), 405, {**HEADERS, "allow": "GET, HEAD"})
    # The raw path: in a decoded one, a code with an escaped slash would look like a path below another.
    code = unquote(request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0][len(PATH) + 1 :])
    if not code:
        return HTMLResponse(_index(), headers=HEADERS)
    found = BY_CODE.get(code)
    if found is None:
        return HTMLResponse(_unknown(code), 404, HEADERS)
    return HTMLResponse(_known(code, found), headers=HEADERS)


def _known(code: str, found: Sequence[Failure]) -> str:
    parts = [f"<h1><code>{escape(code)}</code></h1>"]
    for failure in found:
        told = advice(failure)
        english = {
            "Meaning": failure.message,
            "HTTP status": str(failure.status),
            "When": failure.trigger,
            "Remedy": told.remedy,
        }
        chinese = {
            "含义": told.meaning_zh,
            "HTTP状态码": str(failure.status),
            "触发条件": trigger_zh(failure),
            "解决方法": told.remedy_zh,
        }
        parts += [_section("en", "English", english), _section("zh", "中文", chinese)]
    parts.append(f'<p><a href="{PATH}">All codes · 全部错误码</a></p>')
    return _html(code, "".join(parts))


def _section(language: str, title: str, facts: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f'<section lang="{language}"><h2>{title}</h2><dl>{rows}</dl></section>'


def _unknown(code: str) -> str:
    told = f"<h1>404</h1><p>No failure has the code <code>{escape(code[:200])}</code>.</p><p>没有该错误码。</p>"
    return _html("404", told + f'<p><a href="{PATH}">All codes · 全部错误码</a></p>')


def _index() -> str:
    rows = "".join(
        f'<li><a href="{PATH}/{escape(code)}"><code>{escape(code)}</code></a> {escape(found[0].message)}</li>'
        for code, found in BY_CODE.items()
    )
    return _html("Failures", f"<h1>Failures · 错误码</h1><ul>{rows}</ul>")


def _html(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)} · Weir</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'
