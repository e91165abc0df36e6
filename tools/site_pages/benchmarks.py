"""The page of benchmarks: what each compares, and what it printed where (`docs/benchmarks.json`)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from site_pages.markdown import block

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs" / "benchmarks.json"
HEAD = """\
# Benchmarks

`make bench` runs all of them; `python tools/benchmark_data.py NAME ..` runs some, and writes what they
print here, with the machine. Times depend on the machine and on what else it does; ratios less so.

"""


def pages() -> dict[str, str]:
    """Return the page, with every benchmark that there is."""
    data = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    parts = [HEAD]
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        parts += [f"## {path.stem.replace('_', ' ')}\n", f"`benchmarks/{path.name}`\n", block(said)]
        if found := data.get(path.stem):
            parts += [
                f"On {found['machine']}, {found['date']}, with {found['versions']}:\n",
                block(found["output"]),
            ]
        else:
            parts.append("It takes too long to be run for this page.\n")
    return {"benchmarks.md": "\n".join(parts)}
