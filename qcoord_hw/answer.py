"""What this program answers: typed fields that print, draw and export themselves.

Plans, comparisons, sweeps and theory are frozen dataclasses with this base. Their fields, in order, are what
`--json` prints; a field whose key there is not its name has the key in its metadata. An answer reads like the
dictionary that it was in earlier versions (`plan["shots"]`, `"bound" in plan`, `plan.get("theory")`); for
`json.dumps` there is `to_json()`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qcoord_hw.errors import InputError
from qcoord_hw.text import printable, printable_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST = 90
"""Characters of the words in a short representation."""

Row = Mapping[str, object]
"""Column -> value of one row of a data frame."""


def optional() -> Any:
    """Return the default of a field that has a key in the JSON object only if it is given."""
    return field(default=None, metadata={"optional": True})


class Answer(Mapping[str, Any], ABC):
    """An answer of this program; subclasses are frozen dataclasses made with `eq=False`.

    A subclass gives its text; rows and a figure where it has more to show than that.
    """

    ALL_IN_ROWS: ClassVar[bool] = False
    """Whether the rows say all, so that a notebook shows them first."""

    @property
    def ok(self) -> bool:
        """Whether it is an answer and no failure: the key `ok` of the JSON object."""
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints: `ok`, then the fields."""
        return {"ok": self.ok, **_fields(self)}

    def table(self) -> str:
        """Return the answer as plain text, as the command line prints it."""
        return printable_lines(self._text())

    def rows(self) -> Sequence[Row]:
        """Return the rows of the data frame; a single one unless the answer is about many things."""
        return [{key: value for key, value in self.items() if key != "ok"}]

    def plot(self) -> Figure:
        """Return a matplotlib figure; of an answer that is words alone, the words."""
        from qcoord_hw.charts import words_figure

        return words_figure(self.table())

    def to_dataframe(self) -> DataFrame:
        """Return the rows as a pandas data frame.

        Raises:
            InputError: when pandas is not installed.
        """
        return data_frame(self.rows())

    @abstractmethod
    def _text(self) -> str:
        """Return the text of the table."""

    def _repr_html_(self) -> str:
        text = preformatted(self.table())
        if type(self).rows is Answer.rows:
            return text
        rows = html_table(self.rows())
        if self.ALL_IN_ROWS:
            return f"{rows}<details><summary>As text</summary>{text}</details>"
        return f"<details><summary>As a table</summary>{rows}</details>{text}"

    def __str__(self) -> str:
        """Return the table."""
        return self.table()

    def __repr__(self) -> str:
        """Return what it is in one short line."""
        return short(self, f"{len(self.rows())} rows" if self.ALL_IN_ROWS else self.table())

    @cached_property
    def _json(self) -> dict[str, Any]:
        return self.to_json()

    def __getitem__(self, key: str) -> Any:
        """Return what stands under a key of the JSON object."""
        return self._json[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys of the JSON object."""
        return iter(self._json)

    def __len__(self) -> int:
        """Return how many keys the JSON object has."""
        return len(self._json)


def data_frame(rows: Sequence[Row]) -> DataFrame:
    """Return rows as a pandas data frame.

    Raises:
        InputError: when pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError:
        raise InputError(
            "pandas: not installed; allowed is a data frame after `pip install 'qcoord_hw[dataframe]'`"
        ) from None
    return DataFrame([{name: _cell(value) for name, value in row.items()} for row in rows])


def preformatted(text: str) -> str:
    """Return text as HTML that needs nothing else and looks as in a terminal."""
    style = "overflow-x: auto; white-space: pre; line-height: 1.3; color: inherit; background: none"
    return f'<div class="qcoord-answer"><pre style="{style}">{escape(printable_lines(text))}</pre></div>'


def short(shown: object, words: str) -> str:
    r"""Return the representation of an object: its kind, and the first line of its words.

    >>> short(1.5, "one and a half\nand more")
    '<float: one and a half>'
    """
    line = next((line for line in words.splitlines() if line.strip()), "").strip()
    return f"<{type(shown).__name__}: {line if len(line) <= MOST else line[: MOST - 3] + '...'}>"


def html_table(rows: Sequence[Row]) -> str:
    """Return rows as an HTML table in the colours of the notebook that shows it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    line = "border-bottom: 1px solid rgba(128, 128, 128, 0.35)"
    style = f"text-align: left; padding: 0.25em 0.8em 0.25em 0; {line}"
    head = "".join(f'<th scope="col" style="{style}">{_text_cell(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f'<td style="{style}">{_text_cell(row.get(name))}</td>' for name in names) + "</tr>"
        for row in rows
    )
    table = "border-collapse: collapse; color: inherit; font-variant-numeric: tabular-nums"
    return (
        '<div class="qcoord-answer" style="overflow-x: auto">'
        f'<table style="{table}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _text_cell(value: object) -> str:
    if value is None:
        return ""
    return escape(printable(f"{value:.6g}" if isinstance(value, float) else value))


def plain(value: Any) -> Any:
    """Return nested dataclasses and sequences as JSON values; fractions and paths as text."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Fraction | Path) else value


def _fields(value: Any) -> dict[str, Any]:
    return {
        one.metadata.get("key", one.name): plain(item)
        for one in fields(value)
        if (item := getattr(value, one.name)) is not None or not one.metadata.get("optional")
    }


def _cell(value: object) -> object:
    """Return a value of a data frame: text of strangers without control characters."""
    return printable(value) if isinstance(value, str) else value
