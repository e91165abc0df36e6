"""What `--json` prints: for each command the keys with their meaning, and an object that was recorded.

The keys are the fields of what the function of Python returns, since the command line prints just that. The
objects are those of `tests/api/json_before.json`, which a test holds against the program.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qcoord_hw as qc
from qcoord_hw.answer import Answer
from qcoord_hw.api.result import Result
from qcoord_hw.cli.program import _parser
from qcoord_hw.report.shapes import RunSummary
from site_pages.commands import commands, sentence
from site_pages.markdown import block, folded, table

RECORDED = Path(__file__).resolve().parents[2] / "tests" / "api" / "json_before.json"
FUNCTIONS = {"list": "experiments", "export": "export_csv", "import": "import_counts"}
"""Commands whose function has another name."""

KEPT = 2
"""Entries that are shown of a list, and of a table of many keys."""

HEAD = f"""\
# JSON outputs

Every command prints one JSON object with `--json`, and nothing else on standard output. `ok` is true; after
an error there is no object, but a line on standard error and an [exit status](commands/index.md). From
Python the same objects are `answer.to_json()`, and `answer["key"]` reads them. Keys may be added in any
release; a key is never removed or given another meaning without notice ([releasing](../releasing.md)).

Numbers are JSON numbers; exact fractions are strings such as `"1/3"`; complex numbers are `[re, im]`; what
is not known is `null`. In the examples lists end after {KEPT} entries.

"""
RUN = """\
`run`, `submit`, `status`, `collect`, `replay`, `report` and `import` print the summary of a run; several
runs together are `{"ok": true, "runs": [..]}`. An unfinished run has `"state": "unfinished"` and no
estimates. A family adds keys of its own.
"""


def pages() -> dict[str, str]:
    """Return the page."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    parts = [HEAD, "## A run\n", RUN, summary_keys(), *example(recorded, "run chsh ")]
    for name, sub in commands(_parser()):
        kind = returned(name)
        if kind is not None and kind is not Result:
            parts += [
                f"## `{name}`\n",
                f"{sentence(sub.description)}\n",
                keys(kind),
                *example(recorded, f"{name} "),
            ]
    return {"json.md": "\n".join(parts)}


def returned(name: str) -> type | None:
    """Return the class of what the function of a command returns, if it is one with fields."""
    function = getattr(qc, FUNCTIONS.get(name, name.replace(" ", "_").replace("-", "_")), None)
    said = getattr(function, "__annotations__", {}).get("return")
    return next((kind for kind in (Result, *kinds(Answer)) if kind.__name__ == said or kind is said), None)


def kinds(base: type) -> list[type]:
    """Return every class below one."""
    return [kind for sub in base.__subclasses__() for kind in (sub, *kinds(sub))]


def keys(kind: type) -> str:
    """Return the table of the keys of an answer."""
    meaning = documented(inspect.getdoc(kind) or "")
    rows = [("`ok`", "whether it is an answer", "bool")]
    for one in dataclasses.fields(kind):  # type: ignore[arg-type]
        key = one.metadata.get("key", one.name)
        optional = " (if asked for)" if one.metadata.get("optional") else ""
        rows.append((f"`{key}`", meaning.get(one.name, "") + optional, f"`{one.type}`"))
    return table(("key", "what it is", "type"), rows)


def summary_keys() -> str:
    """Return the table of the keys of a run's summary."""
    rows = [(f"`{key}`", f"`{said(kind)}`") for key, kind in RunSummary.__annotations__.items()]
    return table(("key", "type"), rows)


def said(kind: Any) -> str:
    """Return an annotation as it is written."""
    words = str(getattr(kind, "__forward_arg__", kind))
    return words.removeprefix("NotRequired[")[:-1] if words.startswith("NotRequired[") else words


def documented(text: str) -> dict[str, str]:
    """Return what the section Attributes of a docstring says of each field."""
    section = re.search(r"^Attributes:\n(.*?)(?:^\S|\Z)", text, re.M | re.S)
    entries = re.split(r"^    (?=\w)", section[1], flags=re.M)[1:] if section else []
    return {name: " ".join(words.split()) for name, _, words in (e.partition(":") for e in entries)}


def example(recorded: Mapping[str, Any], start: str) -> list[str]:
    """Return the first object that was recorded of a command, behind a fold."""
    for command, printed in recorded.items():
        if command.startswith(start):
            title = f"<code>qcoord {command.split(' >')[0]} --json</code>"
            return [folded(title, block(json.dumps(shortened(printed), indent=1), "json"))]
    return []


def shortened(value: Any) -> Any:
    """Return a JSON value whose lists end early."""
    if isinstance(value, list):
        return [shortened(one) for one in value[:KEPT]]
    return {k: shortened(v) for k, v in value.items()} if isinstance(value, dict) else value
