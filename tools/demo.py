"""What `make demo` shows, in the README: its tables between their marks, and the figure above them.

`python tools/demo.py` runs it and writes both anew. The figure has one axis for games and rates: how much
of the way from the classical bound to what theory says is left on each target.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from matplotlib import rc_context
from rich.console import Console

from qcoord_hw.api import run
from qcoord_hw.api.result import Result
from qcoord_hw.charts import MUTED, rows_figure
from qcoord_hw.diagrams import BOUND, DATA, THEORY, Interval, Mark, Rows
from qcoord_hw.report.tables import print_overview

ROOT = Path(__file__).resolve().parents[1]
README, FIGURE = ROOT / "README.md", ROOT / "docs" / "_static" / "demo.svg"
COMMANDS = (
    "run chsh magic-square ghz-3 example-1-f4 --target aer --shots 20000 --seed 7",
    "run chsh magic-square ghz-3 example-1-f4 --target fake_torino --shots 20000 --seed 7",
)
BEGIN, END = "<!-- demo:begin -->", "<!-- demo:end -->"
TITLE = "What a noise model leaves of the quantum advantage"
MARKS = (Mark("classical bound", 0, BOUND), Mark("theory", 1, THEORY, "-"))
AXIS = "share of the way from the classical bound (0) to theory (1)"


def results() -> list[list[Result]]:
    """Return the runs of each command; the folder that they were in is gone."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            [run(name, target=target, shots=int(shots), seed=int(seed), runs=folder) for name in names]
            for _, *names, _, target, _, shots, _, seed in map(str.split, COMMANDS)
        ]


def diagram(found: list[list[Result]]) -> Rows:
    """Return the figure's rows: of each experiment one per target."""
    rows = []
    for of_one in zip(*found, strict=True):
        for result in of_one:
            main = next(one for one in result.estimates if one.headline)
            classical, theory = main.bound.value, main.theory.value
            low, best, high = (
                (value - classical) / (theory - classical) for value in (main.low, main.best, main.high)
            )
            target = result.summary["target"]
            colour = MUTED if target == "aer" else DATA
            name = f"{result.summary['experiment']}, {target}"
            rows.append(Interval(name, low, best, high, colour=colour))
    return Rows(TITLE, AXIS, tuple(rows), MARKS)


def tables(found: list[list[Result]]) -> str:
    """Return the tables that the commands print, as a console block of Markdown."""
    blocks = []
    for command, of_one in zip(COMMANDS, found, strict=True):
        file = io.StringIO()
        print_overview([r.summary for r in of_one], Console(file=file, width=100, highlight=False))
        table = file.getvalue().split("\n\n")[0]
        blocks.append("\n".join([f"$ qcoord {command}", *(line.rstrip() for line in table.splitlines())]))
    return "```console\n" + "\n\n".join(blocks) + "\n```"


def with_demo(readme: str, found: list[list[Result]]) -> str:
    """Return the README's text with figure and tables between their marks."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    figure = f"![{diagram(found).words()}]({FIGURE.relative_to(ROOT).as_posix()})"
    return f"{before}{BEGIN}\n{figure}\n\n{tables(found)}\n{END}{after}"


def drawn(found: list[list[Result]]) -> str:
    """Return the figure as SVG, with its words as description."""
    rows, file = diagram(found), io.StringIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "qcoord"}):
        rows_figure(rows, 7.5).savefig(
            file, format="svg", metadata={"Date": None, "Creator": None, "Description": rows.words()}
        )
    return file.getvalue()


if __name__ == "__main__":
    shown = results()
    README.write_text(with_demo(README.read_text(encoding="utf-8"), shown), encoding="utf-8")
    FIGURE.write_text(drawn(shown), encoding="utf-8")
