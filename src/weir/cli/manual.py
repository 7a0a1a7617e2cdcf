"""The parts of the manual that no single room can write: record fields, life of a flow log, settings.

``python -m weir.cli.manual docs/reference`` writes them, the API reference of ``contract.export`` beside them, and the
contract for the console in TypeScript. Tests write the files anew and compare.
"""

from __future__ import annotations

import sys
from pathlib import Path

from weir.contract import coverage, export, export_sls, typescript
from weir.model.fields import EXTENDED, FIELDS, SOURCE, TOPIC
from weir.model.ledger import LEDGER
from weir.model.resources import TRANSITIONS, Event, FlowLogStatus
from weir.model.rulesets import LOGSTORE, RULESETS
from weir.query.functions import GROUPS
from weir.settings import SETTINGS

GENERATED = "<!-- Written by python -m weir.cli.manual; edit the declarations instead. -->"
CONSOLE = "../../console/src/contract.ts"
"""Beside ``docs/reference``: what the console is compiled with."""


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    own = {
        "fields.md": _fields(),
        "functions.md": _functions(),
        "ledger.md": _ledger(),
        "lifecycle.md": _lifecycle(),
        "rulesets.md": _rulesets(),
        "settings.md": _settings(),
    }
    return export.reference() | {"sls.md": export_sls.page(), "coverage.md": coverage.page()} | own


def _fields() -> str:
    lines = [
        GENERATED,
        "# Fields of a flow record",
        "",
        f"Every value is a string on the wire; `__topic__` is `{TOPIC}`, `__source__` is `{SOURCE}`, `__time__` is the",
        "last second of the window. NODATA rows carry only the fields of their ENI, `start` and `end`; SKIPDATA rows",
        "also exact `packets` and `bytes`, and what else is true of all the flows that share the row.",
        "",
        "| Field | Index | Meaning |",
        "|---|---|---|",
        *(f"| `{field.name}` | {field.kind.value} | {field.doc} |" for field in FIELDS),
        "",
        "## Extended fields",
        "",
        "A record has these only when its flow log's `LogFormat` names them, for example",
        "`LogFormat=${srcaddr}${dstaddr}${packets}${pkt-srcaddr}${pkt-dstaddr}`. A field whose value is not known is",
        "absent from the record. `docs/guide/record-fields.md` says where each value comes from.",
        "",
        "| Field | Index | Meaning |",
        "|---|---|---|",
        *(f"| `{field.name}` | {field.kind.value} | {field.doc} |" for field in EXTENDED),
    ]
    return "\n".join(lines) + "\n"


def _ledger() -> str:
    lines = [
        GENERATED,
        "# Columns of the ledger",
        "",
        "One row per ENI and window in the logstore `weir/ledger`; `docs/guide/ledger.md` says how to read it. Every",
        "value is a string on the wire; amounts are integers and may be below zero.",
        "",
        "| Column | Index | Meaning |",
        "|---|---|---|",
        *(f"| `{column.name}` | {column.kind.value} | {column.doc} |" for column in LEDGER),
    ]
    return "\n".join(lines) + "\n"


def _rulesets() -> str:
    lines = [
        GENERATED,
        "# Columns of the rule sets",
        "",
        f"Rows of the logstore `weir/{LOGSTORE}`: every rule set revision that an agent has recorded.",
        "`docs/guide/verdicts.md` says when it does, and which queries use them. Every value is a string on the wire.",
        "",
        "| Column | Index | Meaning |",
        "|---|---|---|",
        *(f"| `{column.name}` | {column.kind.value} | {column.doc} |" for column in RULESETS),
    ]
    return "\n".join(lines) + "\n"


def _functions() -> str:
    lines = [
        GENERATED,
        "# Functions of queries",
        "",
        "Every function that the SQL half of a query may call. Names are case-insensitive; none but these exists.",
        "They mean what they mean in Presto and in SLS.",
    ]
    for heading, functions in GROUPS.items():
        lines += ["", f"## {heading}", "", "| Function | Meaning |", "|---|---|"]
        for name, function in sorted(functions.items()):
            arguments, _, meaning = function.doc.partition(") ")
            lines.append(f"| `{name}{arguments})` | {meaning} |")
    return "\n".join(lines) + "\n"


def _lifecycle() -> str:
    lines = [
        GENERATED,
        "# Life of a flow log",
        "",
        "CreateFlowLog begins at Activating. `settled` is the report of every live agent with an ENI in the scope that",
        "it has done what the state asks for; a flow log that settles in Deleting is gone. A call that is not in the",
        "table for a state is refused.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> Activating: CreateFlowLog",
        *(f"    {state} --> {after}: {event}" for (state, event), after in TRANSITIONS.items()),
        f"    {FlowLogStatus.DELETING} --> [*]: {Event.SETTLED}",
        "```",
        "",
        "| State | " + " | ".join(Event) + " |",
        "|---|" + "---|" * len(Event),
    ]
    for state in FlowLogStatus:
        lines.append(f"| {state} | " + " | ".join(TRANSITIONS.get((state, event), "") for event in Event) + " |")
    return "\n".join(lines) + "\n"


def _settings() -> str:
    lines = [
        GENERATED,
        "# Settings",
        "",
        "An option of the command wins over the environment, the environment over the default. `weir settings` prints",
        "what is in force.",
        "",
        "| Variable | Option | Default | Meaning |",
        "|---|---|---|---|",
    ]
    for setting in SETTINGS:
        default = "the host name" if setting.name == "node" else setting.default
        option = "--" + setting.name.replace("_", "-")
        lines.append(f"| `{setting.variable}` | `{option}` | {default or 'empty'} | {setting.doc} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, text in {**pages(), CONSOLE: typescript.module()}.items():
        (Path(sys.argv[1]) / name).write_text(text)
