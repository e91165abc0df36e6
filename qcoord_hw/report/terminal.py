"""A table for a terminal of any width in which no number is cut or broken.

rich shrinks the widest columns until a table fits, and folds what stands in them wherever the line ends: a
number that is cut so looks whole. Here a column is never narrower than its longest word; a table that does
not fit even so is written row by row, each cell behind the name of its column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

ENDLESS = 1_000_000
"""Columns of a terminal in which everything fits."""


class WholeWords(Table):
    """A table that breaks lines between words alone; its headers and cells are `Text`."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or its rows one below the other where it is too wide for that."""
        columns = [[column.header, *column.cells] for column in self.columns]
        needed = [[_widths(text) for text in column if isinstance(text, Text)] for column in columns]
        least = [max(low for low, _ in column) for column in needed]
        most = [max(high for _, high in column) for column in needed]
        whole = Measurement.get(console, options.update(max_width=ENDLESS), self)
        beside = whole.maximum - sum(most)  # what stands between the columns
        room = options.max_width - beside
        if room < sum(least):
            yield from self._rows_below()
            return
        for column, width in zip(self.columns, _narrowed(least, most, room), strict=True):
            column.width = width
        yield from super().__rich_console__(console, options)

    def _rows_below(self) -> RenderResult:
        headers = [Text(" ".join(str(column.header).split())) for column in self.columns]
        for number, row in enumerate(zip(*(column.cells for column in self.columns), strict=True)):
            if number:
                yield Text("")
            for header, cell in zip(headers, row, strict=True):
                if str(cell):
                    yield Text.assemble(header, ": " if str(header) else "", cell)


def _narrowed(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Return the widths of columns, the widest of them made narrower until all have room.

    >>> _narrowed([3, 2, 9], [5, 20, 12], 24)
    [5, 9, 10]
    """
    widths = list(most)
    while sum(widths) > room:
        widths[max((k for k, low in enumerate(least) if widths[k] > low), key=widths.__getitem__)] -= 1
    return widths


def _widths(text: Text) -> tuple[int, int]:
    """Return the lengths of the longest word, an indentation with it, and of the longest line."""
    lines = str(text).splitlines()
    words = [word for line in lines for word in re.findall(r"^\s*\S+|\S+", line)]
    return max(map(cell_len, words), default=0), max(map(cell_len, lines), default=0)
