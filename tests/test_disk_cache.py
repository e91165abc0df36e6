"""Answers kept on disk: where, when they are read, and that nothing spoilt or foreign is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from qcoord_hw import disk_cache
from qcoord_hw.errors import InputError

SOLVERS = ("qcoord_hw.disk_cache",)


class Question:
    """The root of a square: dear to find, cheap to prove."""

    def __init__(self, square: int) -> None:
        self.square, self.searched = square, 0

    def search(self) -> int:
        self.searched += 1
        return next(k for k in range(self.square + 1) if k * k == self.square)

    def read(self, kept: dict) -> int:
        if kept["root"] ** 2 != self.square:
            raise InputError("root: wrong")
        return int(kept["root"])

    def ask(self) -> int:
        return disk_cache.remembered(
            "root",
            {"square": self.square},
            SOLVERS,
            search=self.search,
            write=lambda root: {"root": root},
            read=self.read,
        )


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("QCOORD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def asked(square: int = 49) -> tuple[int, bool]:
    """Return the answer, and whether it was searched for."""
    question = Question(square)
    return question.ask(), bool(question.searched)


def test_tests_keep_nothing_of_the_users():
    assert os.environ["QCOORD_CACHE"] == "off"


def test_a_second_call_reads(folder):
    assert asked() == (7, True)
    assert asked() == (7, False)
    assert asked(64) == (8, True)
    assert len(list(folder.iterdir())) == 2
    for file in folder.iterdir():
        file.unlink()
    assert asked() == (7, True)


def spoilt(content: str) -> dict[str, bytes]:
    """Return what may stand in the place of a file, by what was done to it."""
    data = json.loads(content)
    ways = {
        "empty": b"",
        "cut": content[: len(content) // 2].encode(),
        "bytes": b"\xff\x00" * 40,
        "list": b"[]",
        "deep": b"[" * 100_000,
        "large": content.encode() + b" " * disk_cache.MAX_BYTES,
    }
    for key in data:
        ways[f"without {key}"] = json.dumps({k: v for k, v in data.items() if k != key}).encode()
        for value in (None, 0, "x", [], {}, {"root": -8}, {"root": "7"}, {"root": [7]}, {"square": 50}):
            ways[f"{key} {value!r}"] = json.dumps(data | {key: value}).encode()
    return ways


def test_what_is_spoilt_or_foreign_is_ignored_and_written_anew(folder):
    asked(), asked(64)
    one, other = sorted(folder.iterdir(), key=lambda file: json.loads(file.read_text())["answer"]["root"])
    whole = one.read_text()
    for way, content in (spoilt(whole) | {"of another question": other.read_bytes()}).items():
        one.write_bytes(content)
        assert asked() == (7, True), way
        assert one.read_text() == whole, way
    assert asked() == (7, False)


def test_an_answer_is_proved_and_not_believed(folder):
    asked()
    (file,) = folder.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"answer": {"root": -7}}))
    assert asked() == (-7, False)  # it is a root
    file.write_text(json.dumps(json.loads(file.read_text()) | {"answer": {"root": 8}}))
    assert asked() == (7, True)


def test_changed_code_and_formats_are_asked_anew(folder, monkeypatch):
    asked()
    for name, value in (("FORMAT", 0), ("_code", lambda solvers: "other"), ("_code", lambda solvers: None)):
        with monkeypatch.context() as patch:
            patch.setattr(disk_cache, name, value)
            assert asked() == (7, True)
    assert asked() == (7, False)


def test_the_digest_is_that_of_the_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "solver_x.py").write_text("a = 1\n")
    (tmp_path / "solvers_y").mkdir()
    for name in ("__init__.py", "part.py"):
        (tmp_path / "solvers_y" / name).write_text("a = 1\n")
    digest = disk_cache._code.__wrapped__
    before = digest(("solver_x", "solvers_y"))
    assert digest(("solver_x", "solvers_y")) == before
    (tmp_path / "solver_x.py").write_text("a = 2\n")
    between = digest(("solver_x", "solvers_y"))
    (tmp_path / "solvers_y" / "part.py").write_text("a = 2\n")
    assert len({before, between, digest(("solver_x", "solvers_y"))}) == 3
    assert digest(("sys",)) is None  # built in: no source to know it by


def test_where(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for off in ("off", ""):
        monkeypatch.setenv("QCOORD_CACHE", off)
        assert [asked(), asked()] == [(7, True), (7, True)]
    assert not list(tmp_path.iterdir())
    monkeypatch.delenv("QCOORD_CACHE")
    asked()
    monkeypatch.delenv("XDG_CACHE_HOME")
    asked()
    monkeypatch.setenv("QCOORD_CACHE", str(tmp_path / "own"))
    asked()
    files = {str(file.parent.relative_to(tmp_path)) for file in tmp_path.rglob("root-*.json")}
    assert files == {"home/.cache/qcoord_hw", "xdg/qcoord_hw", "own"}


def test_what_cannot_be_written_is_not(tmp_path, folder, monkeypatch):
    (tmp_path / "cache").write_text("a file in its place")
    assert [asked(), asked()] == [(7, True), (7, True)]
    monkeypatch.setenv("QCOORD_CACHE", str(tmp_path / "other"))

    def fails(*places: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails)
        assert asked() == (7, True)
    assert not list((tmp_path / "other").iterdir())  # no half of a file either
    with monkeypatch.context() as patch:
        patch.setattr(disk_cache, "MAX_BYTES", 10)
        assert asked() == (7, True)
    assert not list((tmp_path / "other").iterdir())


def test_errors_of_a_search_are_the_callers(folder):
    with pytest.raises(StopIteration):
        asked(50)
    assert not folder.exists()
