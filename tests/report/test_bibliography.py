"""What pages cite is written out as people write it."""

from __future__ import annotations

import re

from qcoord_hw.bibliography import bibliography_path, cited, references


def test_every_entry_is_read_and_nothing_of_tex_is_left():
    keys = re.findall(r"^@\w+\{(\w+),", bibliography_path().read_text(encoding="utf-8"), re.M)
    assert list(references()) == keys
    for one in references().values():
        assert not re.search(r"[\\{}$]|``|''", one.words), one
        assert len(one.words) > 20
        assert one.link == "" or one.link.startswith("https://")


def test_names_have_their_accents():
    assert "Laura Mančinska" in references()["MancinskaVidick2014"].words
    assert "Peter Høyer" in references()["Cleve2004"].words
    assert "Géza Tóth and Otfried Gühne" in references()["TothGuehne2005"].words


def test_works_are_listed_in_the_order_in_which_they_are_cited():
    found = cited("as in [Tsirelson1980], cos^2(pi/8); [CHSH1969] and [Tsirelson1980]; [Nobody2020]")
    assert [one.key for one in found] == ["Tsirelson1980", "CHSH1969"]
