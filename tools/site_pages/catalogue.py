"""A page for every experiment, from its spec, `docs/catalogue.json` and `circuits/needs.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from qcoord_hw.catalogue import catalogue_needs, catalogue_paths
from qcoord_hw.spec import read_spec
from site_pages.markdown import block, folded, table, toctree

DATA = Path(__file__).resolve().parents[2] / "docs" / "catalogue.json"
HEAD = """\
# The catalogue

Experiments with a name: `qcoord run NAME`. Each page has the circuit with who owns what, the counted usage,
what theory says, and what four device snapshots are expected to make of it. `qcoord list` prints the list;
`--fits DEVICE` says what finds a place on a device.

"""
EXPECTED = """\
Exact outcome probabilities of the circuits where a run would place them, under the snapshot's calibration,
readout included: no shots, no crosstalk, and no idle noise (as `qcoord plan .. --no-idle-noise`).
`python tools/catalogue_data.py` computed them.

"""


def pages() -> dict[str, str]:
    """Return the list and the page of every entry."""
    data = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    specs = {name: read_spec(path) for name, path in catalogue_paths().items()}
    index, made = HEAD, {}
    for family, names in groupby(specs, key=lambda name: specs[name].family):
        members = list(names)
        index += f"## {family}\n\n{toctree(members)}\n"
        made |= {f"catalogue/{n}.md": page(n, specs[n].title, data.get(n)) for n in members}
    return {"catalogue/index.md": index, **made}


def page(name: str, title: str, about: Mapping[str, Any] | None) -> str:
    """Return the page of an entry; without data, its spec alone."""
    parts = [f"# {name}\n\n{title}\n"]
    if about:
        parts.append(block(about["show"]))
        if not about["whole"]:
            parts.append(
                f"The steps and the drawing are too long for a page: `qcoord show {name}` has them.\n"
            )
        if about["devices"]:
            parts += ["## On device snapshots\n", EXPECTED + devices(about["devices"])]
    if needs := catalogue_needs().get(name):
        parts += ["## What it needs of a device\n", table(("need", "value"), needed(needs))]
    spec = catalogue_paths()[name].read_text(encoding="utf-8")
    parts += ["## Its spec\n", f"`circuits/{catalogue_paths()[name].parent.name}/{name}.toml`\n"]
    parts.append(block(spec, "toml") if len(spec) < 1500 else folded("the file", block(spec, "toml")))
    return "\n".join(parts)


def devices(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of what devices make of an entry."""
    head = ("device", "figure", "expected", "theory", "bound", "two-qubit gates", "depth")
    rows = []
    for device, about in found.items():
        if "refused" in about:
            rows.append((device, about["refused"], *[""] * 5))
        else:
            values = [number(about[key]) for key in ("expected", "theory", "bound")]
            rows.append(
                (device, about["figure"] or "none", *values, about["two_qubit_gates"], about["depth"])
            )
    return table(head, rows)


def number(value: float | None) -> str:
    """Return a figure with four digits, or that there is none."""
    return "none" if value is None else f"{value:.4g}"


def needed(needs: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return the rows of what an entry needs."""
    rows = [(key.replace("_", " "), value) for key, value in needs.items() if key != "fits"]
    rows += [(f"fits {device}", why or "yes") for device, why in needs["fits"].items()]
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in rows]
