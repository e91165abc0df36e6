"""The pages of file formats, and the examples that stand in them."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "formats"
PAGES = {
    page.stem: page.read_text(encoding="utf-8")
    for page in sorted(FOLDER.glob("*.md"))
    if page.stem != "index"  # the list of the others
}


def examples(page: str) -> dict[str, str]:
    """Return the files of a page by their names; those without one are numbered."""
    named = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGES[page], re.S))
    if named:
        return named
    blocks = re.findall(r"```json\n(.*?)```", PAGES[page], re.S)
    return {f"{page}-{k}.json": text for k, text in enumerate(blocks)}


def reader(page: str, name: str) -> tuple[str, ...]:
    """Return the command that reads an example of a page; FILE is the file, TASK that of the page's task."""
    kind = name.partition(".")[2]
    if page == "bell-expressions" and kind != "json":
        return (
            "convert",
            "FILE",
            "--from",
            {"ine": "ine", "txt": "sliwa", "yaml": "faacets"}[kind],
            *CHOICE[kind],
        )
    if page == "bell-expressions" and name.partition(".")[0] in ("toqito", "ncpol2sdpa"):
        return ("convert", "FILE", "--from", name.partition(".")[0])
    if page in ("games", "bell-expressions"):
        return ("theory", "game", "FILE", "--time-limit", "0.2")
    if page == "states":
        return ("theory", "region", "FILE", "--network", "no-communication", "--time-limit", "0.5")
    if name == "data.json":
        return ("run", "TASK", "--inputs-file", "FILE", "--shots", "2", "--seed", "1")
    if page in ("linear-tasks", "stabilizers"):
        return ("theory", "linear", "FILE", "--time-limit", "0.5")
    return ("show", "FILE")


CHOICE = {"ine": ("--number", "0"), "txt": (), "yaml": ("--fastest", "last")}
