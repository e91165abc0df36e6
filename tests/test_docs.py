"""Documents that must stay true: citation keys, README snippets, what is imported lazily."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import demo
import parameter_page
import pytest

import qcoord_hw

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


@pytest.mark.slow
def test_the_demo_of_the_readme_is_what_the_program_shows():
    readme, shown = demo.README.read_text(), demo.results()
    assert demo.with_demo(readme, shown) == readme, "run python tools/demo.py"
    assert demo.diagram(shown).words() in html.unescape(demo.FIGURE.read_text())
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"qcoord {command}\n" in makefile for command in demo.COMMANDS)


def test_figures_are_there_and_say_what_they_show():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    figures = re.findall(r"!\[(.*)\]\((.*)\)$", readme, re.M)
    assert figures
    for words, path in figures:
        assert words in html.unescape((ROOT / path).read_text(encoding="utf-8"))


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


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
PATH = re.compile(r"`((?:qcoord_hw|docs|tests|tools|examples|benchmarks|circuits|changes|runs)/[\w./-]*)`")

MADE = ("docs/_build/", "docs/generated")
"""What `make docs` writes."""


def of_the_contracts():
    """Return every module of ours that a contract names, those of a pattern left out."""
    for contract in PROJECT["tool"]["importlinter"]["contracts"]:
        for key in ("layers", "source_modules", "forbidden_modules"):
            for line in contract.get(key, []):
                yield from (name.strip() for name in line.split("|"))


def test_every_layer_and_package_of_the_contracts_is_explained():
    wanted = {name for name in of_the_contracts() if name.startswith("qcoord_hw.") and "*" not in name}
    assert len(wanted) > 30
    assert sorted(name for name in wanted if f"`{name}`" not in ARCHITECTURE) == []


def test_the_layers_are_told_in_the_order_in_which_they_are_linted():
    (layers,) = (c["layers"] for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    table = ARCHITECTURE.split("| layer | what is in it |")[1].split("\n\n")[0]
    told = [set(re.findall(r"`(qcoord_hw\.\w+)`", row.split("|")[1])) for row in table.splitlines()[2:]]
    assert told == [{name.strip() for name in line.split("|")} for line in layers]


@pytest.mark.parametrize(
    "page", [*PAGES, *DECISIONS, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_every_path_that_is_named_exists(page):
    for path in PATH.findall(page.read_text()):
        assert (ROOT / path).exists() or path.startswith(MADE), path


def test_decisions_have_a_number_of_their_own_a_date_and_a_status():
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text().splitlines()
    assert len(DECISIONS) > 15
    for number, path in enumerate(DECISIONS, 1):
        title, empty, status, *_ = path.read_text().splitlines()
        assert path.name.startswith(f"{number:04}-"), "numbers are unique and without a gap"
        assert title.startswith(f"# {number}. ")
        assert empty == ""
        assert re.match(r"Date: 20\d\d-\d\d-\d\d\. Status: (accepted|superseded by )[^\n]*\.$", status), path
        assert f"- [{title.removeprefix('# ')}]({path.name})" in listed
    assert sum(line.startswith("- ") for line in listed) == len(DECISIONS)


def test_every_document_names_the_version_that_this_is():
    version = qcoord_hw.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    (newest, *_) = re.findall(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest == version
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "qcoord_hw/version.py"
    assert "version" in PROJECT["project"]["dynamic"]
