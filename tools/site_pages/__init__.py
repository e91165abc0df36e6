"""Pages of the site that the program writes itself: `docs/generated`, made anew by every build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from site_pages import api, benchmarks, bibliography, catalogue, commands, json_outputs, states

Pages = dict[str, str]
"""Path of a page under `docs/generated` -> its text."""

MAKERS: tuple[Callable[[], Pages], ...] = (
    commands.pages,
    json_outputs.pages,
    api.pages,
    catalogue.pages,
    states.pages,
    benchmarks.pages,
    bibliography.pages,
)


def pages() -> Pages:
    """Return every generated page."""
    return {name: text for make in MAKERS for name, text in make().items()}


def write(folder: Path) -> None:
    """Write the pages into a folder; what is there and has not changed keeps its time."""
    made = pages()
    for old in folder.rglob("*.md"):
        if old.relative_to(folder).as_posix() not in made:
            old.unlink()
    for name, text in made.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
