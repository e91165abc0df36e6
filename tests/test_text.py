"""Text of strangers: shown so that it acts on nobody."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from qcoord_hw.report.html import environment
from qcoord_hw.report.tables import add_row, new_table
from qcoord_hw.spec import one_line, short_repr
from qcoord_hw.text import printable, printable_lines

ACTIVE = [*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F)]
ACTIVE += [*range(0x2060, 0x2070), 0xFEFF, 0xD800, 0xDFFF, 0xE0001, 0xE0041]


@pytest.mark.parametrize("character", [chr(code) for code in ACTIVE], ids=ascii)
def test_no_character_that_acts_is_left(character):
    text = f"a{character}b"
    for clean in (printable(text), one_line(text), short_repr(text), printable_lines(text).replace("\n", "")):
        assert clean.isprintable()
        assert "a" in clean
        assert "b" in clean
    written = environment().from_string("{{ x }}").render(x=text)
    assert all(c.isprintable() or c == "\n" for c in written)


def test_what_people_write_is_left_as_it_is():
    for text in ("Grüße", "日本語", "ψ ⊗ φ → ½", "naïve—“quoted”", "🙂"):
        assert printable(text) == text


def test_columns_are_as_wide_as_what_is_shown():
    table = new_table("name", "n")
    add_row(table, "\x1b[31mred\x1b[0m", 1)
    add_row(table, "\u202e\u2066plain", 2)
    out = io.StringIO()
    Console(file=out, width=60).print(table)
    lines = out.getvalue().splitlines()
    assert lines[2].startswith("?[31mred?[0m  1")
    assert lines[3].startswith("??plain       2")


def test_an_error_is_cut():
    assert len(one_line("x" * 1000, 399)) == 399
    assert one_line("a\n  b") == "a b"
