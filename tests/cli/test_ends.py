"""How the program ends where nobody expects it: one line and the right status."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from qcoord_hw.cli import program
from tests.hostile import ends_well


@pytest.mark.parametrize("module", ["qcoord_hw.cli.program", "qcoord_hw.cli.common", "numpy", "qiskit"])
def test_ctrl_c_while_importing(module, tmp_path):
    # The moment a module is asked for, this process gets what Ctrl-C sends.
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
        import os, signal, sys
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == {module!r}:
                    os.kill(os.getpid(), signal.SIGINT)
        sys.meta_path.insert(0, Finder())
        """)
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "qcoord_hw.cli", "show", "chsh"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 130
    assert ended.stdout == ""
    assert ended.stderr.startswith("qcoord: interrupted")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(("raised", "status"), [(MemoryError, 2), (KeyboardInterrupt, 130)])
def test_out_of_memory_and_interrupted(monkeypatch, capsys, raised, status):
    def ends(options):
        raise raised

    monkeypatch.setattr(program.run, "_list", ends)
    assert program.main(["list"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


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
