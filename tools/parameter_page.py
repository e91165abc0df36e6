"""The reference `docs/parameters.md`, from what the families declare: `python tools/parameter_page.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qcoord_hw.registry import every
from qcoord_hw.schema import Parameter, describe

PAGE = Path(__file__).resolve().parent.parent / "docs" / "parameters.md"

HEAD = """\
# Parameters

What may stand under `[parameters]` in a spec, in `parameters=` from Python and in `--set` of a sweep; some
have an option of the command line too. `qcoord show SPEC --parameters` lists those of an experiment, with
`--json` for programs. `python tools/parameter_page.py` writes this page from the declarations.
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for family in every():
        parts.append(f"\n## {family.name}\n")
        for title, declared in family.parameter_lists().items():
            parts += [f"\n### {title}\n"] * bool(title) + ["\n", *table(declared)]
    return "".join(parts)


def table(declared: tuple[Parameter, ...]) -> list[str]:
    """Return a list of parameters as the lines of a Markdown table."""
    rows = [row(describe(parameter)) for parameter in declared]
    head = ("parameter", "meaning", "allowed", "default")
    return [f"| {' | '.join(cells)} |\n" for cells in (head, ("---",) * len(head), *rows)]


def row(about: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a parameter."""
    default = about["usual"] if about["default"] is None else f"`{plain(about['default'])}`"
    cells = (
        f"`{about['name']}`" + "".join(f", `{flag}`" for flag in about["flags"]),
        about["help"],
        about["range"] + (f"; {about['when']}" if about["when"] else ""),
        "required" if about["required"] else default or "none",
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def plain(value: object) -> str:
    """Return a constant as it stands in a spec."""
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
