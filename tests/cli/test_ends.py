"""How the program ends where nobody expects it: one line and the right status."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from qcoord_hw.cli import program
from qcoord_hw.cli.common import console
from tests.hostile import ends_well


def end_of(tmp_path, hook, *arguments, entry="qcoord_hw.cli"):
    """Return how the program ends where `hook` runs as each module is asked for, by its `name`.

    Args:
        tmp_path: an empty folder.
        hook: lines of Python.
        arguments: of the program.
        entry: the module that is run, or `qcoord` for the script as pip writes it.
    """
    lines = textwrap.indent(textwrap.dedent(hook), " " * 8)
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nclass Finder:\n    def find_spec(self, name, path=None, target=None):\n"
        + lines
        + "\nsys.meta_path.insert(0, Finder())\n"
    )
    (tmp_path / "qcoord").write_text("import re, sys\nfrom qcoord_hw.cli import script\nsys.exit(script())\n")
    start = [str(tmp_path / "qcoord")] if entry == "qcoord" else ["-m", entry]
    path = os.pathsep.join([str(tmp_path), *sys.path])
    return subprocess.run(
        [sys.executable, *start, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["qcoord_hw.cli.program", "qcoord_hw.cli.common", "numpy", "qiskit"])
def test_ctrl_c_while_importing(module, tmp_path):
    # The moment a module is asked for, this process gets what Ctrl-C sends.
    ended = end_of(tmp_path, f"if name == {module!r}: os.kill(os.getpid(), 2)", "show", "chsh")
    assert ended.returncode == 130
    assert ended.stdout == ""
    assert ended.stderr.startswith("qcoord: interrupted")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("entry", ["qcoord", "qcoord_hw", "qcoord_hw.cli"])
@pytest.mark.parametrize("module", ["qcoord_hw.cli", "signal", "argparse"])
def test_ctrl_c_from_the_first_line_on(entry, module, tmp_path):
    hook = f"if name == {module!r} and 'qcoord_hw' in sys.modules: os.kill(os.getpid(), 2)"
    ended = end_of(tmp_path, hook, "list", entry=entry)
    assert ended.returncode in (130, -2)  # a shell says 130 of both
    assert ended.stdout == ""
    assert ended.stderr == "" or ended.stderr.startswith("qcoord: interrupted")


def test_who_imports_the_package_keeps_what_ctrl_c_does():
    words = (
        "import signal; was = signal.getsignal(2); import qcoord_hw.cli; print(signal.getsignal(2) is was)"
    )
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert ended.stdout == "True\n"


@pytest.mark.few(1)
@pytest.mark.skipif(sys.platform != "linux", reason="a limit of address space")
@pytest.mark.parametrize("megabytes", [100, 250, 420])
def test_too_little_memory_ends_in_one_line(megabytes, tmp_path):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({megabytes} << 20,) * 2)"
    hook = f"if name == 'qcoord_hw.cli':\n    {limit}"
    ended = end_of(tmp_path, hook, "show", "chsh")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("qcoord: error: ")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of address space")
@pytest.mark.parametrize("error", ['RuntimeError("can\'t start new thread")', "SystemError('no exception')"])
def test_what_fails_where_memory_is_limited(error, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30,) * 2)"
    hook = f"if name == 'qcoord_hw.cli':\n    {limit}\nif name == 'qiskit': raise {error}"
    ended = end_of(tmp_path, hook, "show", "chsh")
    assert ended.returncode == 2
    assert "within 8192 MiB, the limit of memory" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(("raised", "status"), [(MemoryError, 2), (KeyboardInterrupt, 130)])
def test_out_of_memory_and_interrupted(monkeypatch, capsys, raised, status):
    def ends(options):
        raise raised

    monkeypatch.setattr(program.listing, "_list", ends)
    assert program.main(["list"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "name", ["\udcff", "a\udcff.json", "\udcff.toml", "a\0b", "a\0.json", "x" * 5000, "\x1b[31m"]
)
def test_names_that_are_no_text(name, runs_dir):
    for command in (
        ["run", name],
        ["theory", "game", name],
        ["theory", "region", name, "--network", "cascade"],
        ["theory", "check", name],
        ["run", "chsh", "--target", name],
        ["report", name],
        ["submit", name, "--target", "ibm_x"],
        ["run", "epr", "--network", "cascade", "--protocol", name],
        ["sweep", "chsh", "--targets", name],
        ["sweep", "chsh", "--set", f"{name}={name}"],
        ["list", "--nonsense", name],
    ):
        assert ends_well(*command)[0] == 2, command


def test_a_folder_whose_name_is_not_utf_8(tmp_path):
    runs = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"runs-\xff"))
    for command in (["run", "chsh", "--shots", "4"], ["report", "latest"], ["verify", "latest", "--json"]):
        assert ends_well(*command, "--runs", runs)[0] == 0


def test_a_file_is_no_folder_of_runs(tmp_path, monkeypatch):
    """Every command that takes one, by its option and by the variable."""
    file = tmp_path / "file"
    file.write_text("x")
    (subparsers,) = (a for a in program._parser()._actions if isinstance(a.choices, dict))
    takes = [n for n, sub in subparsers.choices.items() if "--runs" in sub.format_help()]
    assert {"collect", "run", "report", "status", "sweep"} <= set(takes)
    for name in takes:
        status, _, said = ends_well(name, "--runs", str(file))
        assert status == 2
        assert "is no folder; allowed is a folder" in said
    monkeypatch.setenv("QCOORD_RUNS", str(file))
    for command in (["collect"], ["status"], ["run", "chsh"], ["report", "latest"], ["sweep", "chsh"]):
        status, _, said = ends_well(*command)
        assert status == 2, command
        assert "is no folder; allowed is a folder" in said


@pytest.mark.parametrize(
    ("stated", "width"),
    [("60", 60), ("140", 140), ("", 100), ("0", 100), ("-5", 100), ("wide", 100), ("99999", 100)],
)
def test_the_width_of_tables_where_there_is_no_terminal(monkeypatch, stated, width):
    monkeypatch.setenv("COLUMNS", stated)
    assert console().width == width
