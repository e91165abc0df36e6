"""Documents that must stay true: citation keys, README snippets, what is imported lazily."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import golden
import parameter_page
import pytest

ROOT = Path(__file__).parents[1]
PYTHON = re.compile(r"```python\n(.*?)```", re.S)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_citation_key_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "docs" / "refs.bib").read_text(), re.M))
    cited = set()
    for path in [*(ROOT / "qcoord_hw").rglob("*.py"), *PAGES]:
        cited |= set(re.findall(r"\[([A-Z]\w+?(?:19|20)\d\d\w*|NatorPereg)[\],]", path.read_text()))
    assert cited
    assert cited <= known


@pytest.mark.parametrize("page", [p for p in PAGES if PYTHON.search(p.read_text())], ids=lambda p: p.name)
def test_python_snippets_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "snippet"}
    for code in PYTHON.findall(page.read_text()):
        exec(compile(code, page.name, "exec"), names)
    printed = capsys.readouterr().out
    for block in re.findall(r"```text\n(.*?)```", page.read_text(), re.S):
        assert block in printed


def test_the_page_of_parameters_is_what_the_families_declare():
    assert parameter_page.PAGE.read_text() == parameter_page.page(), "run python tools/parameter_page.py"


def test_the_demo_tables_are_what_the_program_prints():
    readme = (ROOT / "README.md").read_text()
    assert golden.with_demo(readme) == readme
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"qcoord {command}\n" in makefile for command in golden.DEMO)


def test_commands_of_the_readme_exist():
    help_text = subprocess.run(
        [sys.executable, "-m", "qcoord_hw.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in set(re.findall(r"^\s*qcoord ([a-z]+)", (ROOT / "README.md").read_text(), re.M)):
        assert re.search(rf"^\s+{command}\s", help_text, re.M), command


def test_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert examples
    for path in examples:
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        assert len(lines) <= 30, f"{path.name} has {len(lines)} lines"
        exec(compile(path.read_text(), path.name, "exec"), {"__name__": "__main__"})
