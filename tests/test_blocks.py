"""Every code block of README and docs is executed, page by page, in a folder that has the files it names.

What reaches IBM reaches the stand-in of `tests/execution/devices/ibm`, and its one device; `pip install` of
an example is done by hand. Nothing else is changed in what a page says.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import qiskit_ibm_runtime.fake_provider.backends as snapshots
from site_pages import flowchart

from qcoord_hw import registry
from qcoord_hw.cli.program import main
from tests.documents import DOCS, DOCUMENTS, ROOT, Block, blocks, commands
from tests.execution.devices.conftest import installed, own_device  # noqa: F401 (fixtures)
from tests.execution.devices.ibm.conftest import server, standin  # noqa: F401 (fixtures)

DEVICE = re.compile(r"\bibm_(torino|fez)\b")
CHIP = Path(snapshots.__file__).parent / "torino" / "props_torino.json"
NOT_HERE = ("--dask", "reproduce")
"""A cluster that this machine is not, and half an hour of work: for `tests/sweeps` and `tests/papers`."""

MAGIC = re.compile(r"^(?:(\w+) = )?!(.*)$", re.M)


@pytest.fixture
def folder(tmp_path, monkeypatch, request, own_device):  # noqa: F811
    """A folder with the files that commands name, IBM's stand-in and the vendor of the examples."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "mylab.py").write_text(
        "import own_device\n\ndef backend():\n    return own_device.connect('five_qubits')\n"
    )
    formats = {block.above: block.text for page in (DOCS / "formats").glob("*.md") for block in blocks(page)}
    for name, text in formats.items():
        if re.fullmatch(r"[\w.-]+\.\w+", name):
            (here / name).write_text(text)
    for copy, name in (("counts.csv", "game.csv"), ("my.toml", "my-chsh.toml")):
        (here / copy).write_text((here / name).read_text() if (here / name).exists() else formats[name])
    readme = [b for b in blocks(ROOT / "README.md") if b.kind == "file"]
    for block in readme:
        text = block.text.split("\n\nqcoord ")[0]
        if text.lstrip().startswith("{"):
            name = json.loads(text).get("name", "my_state")
            (here / f"{'my_game' if name == 'mine' else name}.json").write_text(text)
            (here / f"{name}.json").write_text(text)
    for number, block in enumerate(
        b for b in blocks(DOCS / "formats" / "stabilizers.md") if b.kind == "file"
    ):
        (here / f"stabilizers-{number}.json").write_text(block.text)
    said = io.StringIO()
    with redirect_stdout(said):
        assert main(["theory", "linear", "sum-2-f2", "--json"]) == 0
    (here / "ANSWER.json").write_text(said.getvalue())
    shutil.copy(CHIP, here / "chip.json")
    yield here
    for found in (registry._entry_points, registry._outside):
        found.cache_clear()


@pytest.fixture
def account(request, monkeypatch, folder):
    """IBM's stand-in, where a page reaches IBM."""

    def ask() -> str:
        there, running = request.getfixturevalue("standin"), request.getfixturevalue("server")
        monkeypatch.setenv("QCOORD_IBM_URL", running.url)
        monkeypatch.setenv("QISKIT_IBM_TOKEN", there.TOKEN)
        monkeypatch.setenv("QISKIT_IBM_INSTANCE", there.INSTANCE)
        monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
        return "ibm_loop"

    return ask


def qcoord(words: list[str]) -> tuple[int, str, str]:
    """Execute a command in this process; return its status and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as end:  # of the parser
            status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def execute_commands(block: Block, account) -> None:
    """Execute the commands of a block; those of other programs, and hours of work, are done by hand."""
    for program, *words in commands(block.text):
        if not program.endswith("qcoord") or any(word in words for word in NOT_HERE):
            continue
        if words[0] == "atlas" and "--experiments" not in words:
            continue
        if any(DEVICE.search(word) for word in words):
            words = [DEVICE.sub(account(), word) for word in words]
        if any(word.rstrip(".") == "RUN" for word in words):
            words = ["latest" if word.rstrip(".") == "RUN" else word for word in words]
        status, _, said = qcoord(words)
        assert status == 0, f"{block}: qcoord {' '.join(words)}: {said}"


def execute_console(block: Block) -> None:
    """Execute each command of a console block; what stands below it is what it prints."""
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        program, *words = next(commands(command))
        assert program == "qcoord"
        status, out, said = qcoord(words)
        assert status == 0 or said, f"{block}: {command}"
        shown = [line.rstrip() for line in printed.rstrip().splitlines()]
        assert [line.rstrip() for line in (out or said).splitlines()][: len(shown)] == shown, str(block)


def execute_python(block: Block, names: dict[str, object]) -> None:
    """Execute Python; a line of a notebook that begins with an exclamation mark is a command."""
    text = re.sub(r"\A---\n.*?^---\n", "", block.text, flags=re.M | re.S)
    names["_shell"] = shell
    text = MAGIC.sub(lambda m: f"{m[1] or '_'} = _shell({m[2]!r})", text)
    exec(compile(ast.parse(text), str(block), "exec"), names)


def shell(command: str) -> list[str]:
    """Execute a command as a notebook does, and return its lines."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = re.sub(r"^qcoord ", f"{sys.executable} -m qcoord_hw ", command)
    command = re.sub(r"^python ", f"{sys.executable} ", command)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    print(done.stdout)
    return done.stdout.splitlines()


def execute_shape(block: Block) -> None:
    """Check that what is shown of an object is what a command prints: names, numbers up to dots, rows."""
    program, *words = next(commands(block.above))
    assert program == "qcoord"
    status, out, said = qcoord([*words, "--json"])
    assert status == 0, said
    if '"' not in block.text:
        rows = [[int(one) for one in line.split()] for line in block.text.splitlines()]
        assert json.dumps(rows) in out
    for text in re.findall(r'"[^"]+"', block.text):
        assert text in out, f"{block}: {text}"
    for number in re.findall(r"([\d.]+)\.\.(?!\d)", block.text):
        assert f" {number}" in out, f"{block}: {number}"


def pages() -> list[object]:
    """Return the pages that have code, all of them slow: some run hundreds of circuits."""
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in DOCUMENTS if blocks(page)]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", pages())
def test_every_block_is_executed(page, folder, account, capsys):
    names: dict[str, object] = {"__name__": "snippet"}
    printed = ""
    for block in blocks(page):
        if block.kind == "file" and block.above:
            (folder / block.above).write_text(block.text)
    for block in blocks(page):
        if block.kind == "python":
            execute_python(block, names)
            printed += capsys.readouterr().out
        elif block.kind == "printed":
            assert block.text in printed, str(block)
        elif block.kind == "console":
            execute_console(block)
        elif block.kind == "shape":
            execute_shape(block)
        elif block.kind == "drawing":
            assert "<svg" in flowchart.svg(block.text)
        elif block.kind in ("commands", "file"):
            execute_commands(block, account)
