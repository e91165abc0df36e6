"""The Python reference: pages of directives that Sphinx fills from the docstrings of what is public."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import qcoord_hw as qc
from qcoord_hw.answer import Answer
from site_pages.markdown import toctree

MODULES = (
    "qcoord_hw.testing",
    "qcoord_hw.families.base",
    "qcoord_hw.families.experiment",
    "qcoord_hw.families.view",
    "qcoord_hw.network",
    "qcoord_hw.schema",
    "qcoord_hw.spec",
    "qcoord_hw.statistics.estimate",
    "qcoord_hw.statistics.analysis",
    "qcoord_hw.execution.devices.base",
)
"""Modules that are public beside `qcoord_hw` itself, for packages of one's own (docs/releasing.md)."""

HEAD = """\
# Python

`import qcoord_hw as qc`. What stands here is public: it changes only as [releasing](../../releasing.md)
says. All of it is written from the docstrings.

"""
GROUPS = {
    "functions": ("Functions", "One for each command, and those that build experiments."),
    "answers": (
        "Answers",
        "What functions return. Each has `table()`, `plot()`, `rows()`, `to_dataframe()`, `to_json()`.",
    ),
    "objects": ("Objects", "What experiments, networks and devices are made of."),
    "errors": ("Errors", "[What to do about each](../../reference/troubleshooting.md)."),
}


def pages() -> dict[str, str]:
    """Return the pages: four groups of `qcoord_hw`, and one for each further module."""
    members: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in sorted(qc.__all__):
        if group := group_of(getattr(qc, name)):
            members[group].append(name)
    made = {
        f"api/{group}.md": f"# {title}\n\n{words}\n\n" + "\n".join(map(directive, members[group]))
        for group, (title, words) in GROUPS.items()
    }
    made |= {f"api/{module}.md": module_page(module) for module in MODULES}
    return {"api/index.md": HEAD + toctree([*GROUPS, *MODULES]), **made}


def group_of(value: Any) -> str:
    """Return the group in which a public name is told; none for a module."""
    if inspect.ismodule(value):
        return ""
    if not inspect.isclass(value):
        return "functions"
    if issubclass(value, Exception):
        return "errors"
    return "answers" if issubclass(value, Answer) or value is qc.Result else "objects"


def directive(name: str) -> str:
    """Return the directive of a public name."""
    value = getattr(qc, name)
    kind = (
        "function" if not inspect.isclass(value) else "exception" if issubclass(value, Exception) else "class"
    )
    options = "" if kind == "function" else "   :members:\n"
    return f"```{{eval-rst}}\n.. auto{kind}:: qcoord_hw.{name}\n{options}```\n"


def module_page(module: str) -> str:
    """Return the page of a module; what `qcoord_hw` itself has stands on the pages before."""
    found = importlib.import_module(module)
    told = [name for name in vars(found) if name in qc.__all__ and getattr(qc, name) is getattr(found, name)]
    options = ["members:", f"exclude-members: {', '.join(told)}"]
    options += ["imported-members:"] * hasattr(found, "__path__")
    lines = "".join(f"   :{option}\n" for option in options)
    return f"# `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n{lines}```\n"
