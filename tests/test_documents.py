"""Documents: each is in the site, each link and anchor resolves, each block is of a kind that is executed."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import site_pages
from site_pages import flowchart
from site_pages.commands import commands as all_commands

from qcoord_hw import errors
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.cli.program import _parser, main
from qcoord_hw.families.linear_computation.parameters import read_inputs
from qcoord_hw.spec import read_spec
from qcoord_hw.theory.games.files import read_game
from qcoord_hw.theory.linear_computation.stabilizer_files import is_stabilizer_file, read_box
from qcoord_hw.theory.linear_computation.task import read_task
from qcoord_hw.theory.states import read_state
from tests.documents import (
    DOCS,
    DOCUMENTS,
    KINDS,
    PROGRAMS,
    ROOT,
    Block,
    anchors,
    blocks,
    commands,
    links,
    trees,
)

ALL = [block for page in DOCUMENTS for block in blocks(page)]


@pytest.fixture(scope="module")
def generated():
    """The pages that a build writes, by their path."""
    return {DOCS / "generated" / name: text for name, text in site_pages.pages().items()}


@pytest.fixture(scope="module")
def texts(generated):
    """Every page of the site, and what stands beside it."""
    return {page: page.read_text(encoding="utf-8") for page in DOCUMENTS} | generated


def listed(texts, page: Path) -> list[Path]:
    """Return the pages that the lists of a page name."""
    found = []
    for entry in trees(texts[page]):
        wanted = (page.parent / f"{entry}.md").resolve()
        found += [p for p in texts if fnmatch(str(p), str(wanted))]
        assert "*" in entry or wanted in texts, f"{page}: {entry}"
    return found


def test_every_page_is_reached_from_the_first_one(texts):
    reached, todo = set(), [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page not in reached:
            reached.add(page)
            todo += listed(texts, page)
    assert sorted(page for page in texts if page.is_relative_to(DOCS) and page not in reached) == []


def test_every_link_and_anchor_resolves(texts):
    broken = []
    for page, text in texts.items():
        for target in links(page, text):
            name, _, anchor = target.partition("#")
            there = (page.parent / name).resolve() if name else page
            if not (there in texts or there.exists()):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
            elif anchor and there in texts and anchor not in anchors(texts[there]):
                broken.append(f"{page.relative_to(ROOT)}: {target} has no such heading")
    assert broken == []


def test_every_block_is_of_a_kind_that_is_executed():
    assert [f"{block}: {block.kind}" for block in ALL if block.kind not in KINDS] == []
    assert {block.kind for block in ALL} == set(KINDS)


def test_every_command_of_every_page_is_one(texts):
    """Programs and options exist; what the commands do is for `test_blocks.py`."""
    parser, makefile = _parser(), (ROOT / "Makefile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for block in ALL:
        if block.kind != "commands":
            continue
        for program, *words in commands(block.text):
            if program.endswith("qcoord"):
                try:
                    parser.parse_args(words)
                except SystemExit as end:
                    assert end.code == 0, f"{block}: qcoord {' '.join(words)}"  # noqa: PT017 (`--version` exits)
                except argparse.ArgumentError as error:
                    pytest.fail(f"{block}: {error}")
            elif program == "make":
                assert re.search(rf"^{words[0]}:", makefile, re.M), f"{block}: make {words[0]}"
            elif program == "pip":
                named = re.fullmatch(r"qcoord_hw\[(\w+)\]", words[-1])
                assert named[1] in extras if named else (ROOT / words[-1]).exists(), f"{block}: {words}"
            else:
                assert program.startswith(PROGRAMS) or program in ("cd", "/tmp/smoke/bin/pip"), (
                    f"{block}: {program}"
                )


@pytest.mark.parametrize("block", [b for b in ALL if b.kind == "file"], ids=str)
def test_every_file_that_is_shown_is_read(block, tmp_path, capsys):
    """By the reader of what it holds, or by a command of its page, which `test_blocks.py` executes."""
    path = tmp_path / (block.above or "file.json")
    path.write_text(block.text.split("\n\nqcoord ")[0])
    text = path.read_text()
    data = json.loads(text) if text.lstrip().startswith(("{", "[")) and '["' not in text[:2] else None
    if "T1 (us)" in text:
        assert main(["plan", "chsh", "--target", f"properties:{path}", "--shots", "10"]) == 0
    elif 'family = "' in text:
        assert read_spec(path.rename(path.with_suffix(".toml")))
    elif isinstance(data, list) and "w2" in text and "count" not in text:
        assert read_inputs(path)
    elif isinstance(data, dict) and "systems" in data:
        assert read_state(path)
    elif isinstance(data, dict) and "servers" in data:
        assert read_box(path) if is_stabilizer_file(path) else read_task(path)
    elif isinstance(data, dict) and {"prob", "expression"} & set(data):
        assert read_game(path)
    else:
        page = [b for b in blocks(block.page) if b.kind in ("console", "commands")]
        assert block.above
        assert any(block.above in b.text for b in page)


def test_flow_charts_are_drawn_and_said():
    for block in ALL:
        if block.kind == "drawing":
            labels, edges = flowchart.read(block.text)
            drawn = flowchart.svg(block.text)
            assert drawn.count("<rect") == len(labels)
            assert drawn.count("<path d") == len(edges) + 1  # and the tip of an arrow
            assert drawn.count(" leads to ") == len(edges)
    with pytest.raises(ValueError, match="no line"):
        flowchart.read("flowchart TD\n a -.-> b")


def test_every_command_and_every_entry_has_a_page(generated):
    names = {name.replace(" ", "-") for name, _ in all_commands(_parser())}
    assert {p.stem for p in generated if p.parent.name == "commands"} == names | {"index"}
    assert {p.stem for p in generated if p.parent.name == "catalogue"} == set(catalogue_paths()) | {"index"}
    for name, sub in all_commands(_parser()):
        text = generated[DOCS / "generated" / "commands" / f"{name.replace(' ', '-')}.md"]
        options = {flag for action in sub._actions for flag in action.option_strings} - {"-h", "--help"}
        assert sorted(flag for flag in options if f"{flag} " not in text and f"{flag}`" not in text) == []


def test_every_error_says_what_to_do():
    page = (DOCS / "reference" / "troubleshooting.md").read_text()
    kinds = {
        n: k for n, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, errors.QcoordError)
    }
    for name, kind in kinds.items():
        if kind is not errors.QcoordError:
            assert f"## `{name}`" in page
            assert f"| {kind.exit_code} | `{name}` |" in page


def test_both_lock_files_agree():
    pins = [
        dict(re.findall(r"^([\w.-]+)==([\w.+-]+)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.lock", "requirements-docs.lock")
    ]
    assert {name: pins[1][name] for name in pins[0] if name in pins[1]}.items() <= pins[0].items()
    assert {"sphinx", "myst-nb", "qiskit"} <= set(pins[1])


def test_a_mistake_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `title`\n\n```ruby\nx\n```\n\n[b](no.md#c)\n\n    qcoord list | runs   both\n")
    found = blocks(page)
    assert [block.kind for block in found] == ["unknown: ruby", "commands"]
    assert list(commands(found[1].text)) == [["qcoord", "list"], ["qcoord", "runs"]]
    assert list(links(page, page.read_text())) == ["no.md#c"]
    assert anchors(page.read_text()) == {"a-title"}
    assert isinstance(found[0], Block)
