"""A copy of the house in which a recipe of CONTRIBUTING is followed, and the recipe's text."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("qcoord_hw", "circuits", "tools", "docs", "changes")

IN_ONE_PROCESS = """
import contextlib, io, json, runpy, sys
import qcoord_hw
from qcoord_hw import cli
said = [[0, qcoord_hw.__file__, ""]]
for name, *words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if name == "qcoord":
                code = cli.main(words)
            else:
                sys.argv, sys.path[0:0] = [name, *words], ["tools"]
                runpy.run_path(name, run_name="__main__")
                code = 0
        except SystemExit as end:
            code = end.code or 0
        except Exception as error:
            code, _ = 1, err.write(f"{type(error).__name__}: {error}")
    said.append([code, out.getvalue(), err.getvalue()])
json.dump(said, sys.stdout)
"""
"""Qiskit is loaded once, whatever the number of commands."""


@dataclass(frozen=True)
class Step:
    """A step of a recipe: what is done in a house, and the file that it touches."""

    file: str
    do: Callable[[House], object]


class House:
    """A copy of the package, the catalogue and the tools, in which nothing else is changed."""

    def __init__(self, folder: Path) -> None:
        """Copy them; the compiled modules too, which fit as they are."""
        self.folder, self.first = folder, list[Sequence[str]]()
        for room in ROOMS:
            shutil.copytree(ROOT / room, folder / room)

    def write(self, file: str, text: str) -> None:
        """Write a new file."""
        path = self.folder / file
        assert not path.exists(), f"{file} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def insert(self, file: str, after: str, text: str) -> None:
        """Write lines behind the one line that reads like that."""
        path = self.folder / file
        before = path.read_text(encoding="utf-8")
        assert before.count(f"{after}\n") == 1, f"{file}: {after!r} stands there {before.count(after)} times"
        path.write_text(before.replace(f"{after}\n", f"{after}\n{text}"), encoding="utf-8")

    def later(self, *command: str) -> None:
        """Let a command run before the others, in their process."""
        self.first.append(command)

    def run(self, *commands: Sequence[str]) -> list[tuple[int, str, str]]:
        """Run commands in a row, `qcoord ..` or a tool; return status, output and errors of each."""
        done = subprocess.run(
            [sys.executable, "-c", IN_ONE_PROCESS],
            input=json.dumps([*self.first, *commands]),
            env=os.environ | {"PYTHONPATH": str(self.folder), "QCOORD_RUNS": str(self.folder / "runs")},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        (_, home, _), *said = json.loads(done.stdout)
        assert Path(home).is_relative_to(self.folder)
        made = [(code, out, err) for code, out, err in said[: len(self.first)]]
        assert not any(code for code, _, _ in made), made
        return [(code, out, err) for code, out, err in said[len(self.first) :]]

    def pytest(self, *arguments: str) -> int:
        """Run tests of the house, copied now unless a step has changed them; return the exit status."""
        shutil.copytree(ROOT / "tests", self.folder / "tests", dirs_exist_ok=True, copy_function=_missing)
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        environment = os.environ | {"PYTHONPATH": str(self.folder)}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True).returncode

    def bring(self, file: str) -> None:
        """Copy one file of ours that a step changes."""
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, self.folder / file)


def _missing(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy2(source, target)


@dataclass(frozen=True)
class Recipe:
    """A recipe of CONTRIBUTING, as it is followed.

    Attributes:
        title: of its chapter.
        steps: what it tells to do, in order.
        appears: fails unless what it adds is there, in every command.
        unnoticed: how many steps at the end add nothing that a command tells, such as tests and news.
        asked: a test of ours that asks for what the recipe adds to it, and which cases of it are meant.
    """

    title: str
    steps: Sequence[Step]
    appears: Callable[[House], object]
    unnoticed: int = 0
    asked: tuple[str, str] | None = None

    @property
    def noticed(self) -> list[str]:
        """The files without which it does not appear."""
        return [step.file for step in self.steps[: len(self.steps) - self.unnoticed]]

    def follow(self, folder: Path, leave_out: str = "") -> House:
        """Follow it in a house of its own, but for one step."""
        assert not leave_out or leave_out in [step.file for step in self.steps]
        house = House(folder)
        for step in self.steps:
            if step.file != leave_out:
                step.do(house)
        return house


def recipe(title: str) -> str:
    """Return a chapter of CONTRIBUTING."""
    chapters = re.split(r"^## ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.M)
    (found,) = [chapter for chapter in chapters if chapter.splitlines()[0] == title]
    return found


def files_named(chapter: str) -> list[str]:
    """Return the paths that stand in a chapter, `<name>` as `*`."""
    words = re.findall(r"`([\w./<>*-]+)`", chapter)
    return [re.sub(r"<\w+>", "*", word) for word in words if "/" in word]


def is_named(file: str, chapter: str) -> bool:
    """Whether a recipe names a file, or its folder."""
    return any(fnmatch(file, f"{name}*" if name.endswith("/") else name) for name in files_named(chapter))
