"""Files that are no input: every door of the program refuses them in one line, soon, in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")

SECONDS = 2.0
"""Processor time of a refusal; Qiskit and the solvers are imported before."""

MEGABYTES = 300

DOORS = {
    "json": (
        ["theory", "game", "FILE"],
        ["theory", "linear", "FILE"],
        ["theory", "region", "FILE", "--network", "cascade"],
        ["theory", "check", "FILE", "--json"],
        ["run", "FILE", "--shots", "2"],
        ["run", "FILE", "--network", "two-node", "--shots", "2"],
        ["run", "sum-2-f2", "--inputs-file", "FILE", "--shots", "2"],
        ["play", "FILE", "--rounds", "1"],
    ),
    "toml": (["show", "FILE"], ["plan", "FILE"], ["theory", "linear", "FILE"]),
}
LINKS = {"zero": "/dev/zero", "memory": "/proc/self/mem", "circle": "FILE"}
CONTENTS = {
    "deep": "[" * 1_000_000,
    "deep objects": '{"a":' * 100_000,
    "deep enough": "[" * 900 + "]" * 900,
    "many lists": "[" + "[]," * 2_000_000 + "[]]",
    "many objects": "[" + "{}," * 900_000 + "{}]",
    "long integer": "9" * 100_000,
    "long exponent": '"1e999999999"',
    "network of a list": '{"network": [1]}',
    "byte order mark": "\ufeff{}",
    "zero bytes": "\0\0",
    "half a character": '{"name": "\\ud800", "field": 2, "servers": {"A": [[1]]}}',
    "tables in tables": "[a" + ".a" * 50_000 + "]",
    "date": "name = 1979-05-27",
}
NUMBERS = ("1e999999999", "1e-999999999", "1/" + "9" * 90, "1E+0999999999", "1/0", "nan", 10**30, [1, 2, 3])


def files() -> dict[str, str]:
    """Return name -> content of files that are refused."""
    found = dict(CONTENTS)
    for k, number in enumerate(NUMBERS):
        a, p = {"00": number, "11": 1}, [{"p": number, "x": {"X": 0}, "ket": {"0": 1}}]
        for name, content in {
            "amplitude": {"systems": {"A": 2, "B": 2}, "ket": a},
            "p": {"systems": {"X": 2, "B": 2}, "classical": ["X"], "ensemble": p},
            "density": {"systems": {"A": 2}, "density": [[number, 0], [0, number]]},
            "prob": {"name": "g", "prob": [[number]], "win": [[[[1]]]]},
            "field": {"field": number, "servers": {"A": [[1]]}},
            "symbol": {"field": 3, "servers": {"A": [[number]]}},
        }.items():
            found[f"{name} {k}"] = json.dumps(content)
    for many in (21, 33, 65, 1000):
        systems = {f"S{i}": 1 for i in range(many)}
        found[f"{many} systems"] = json.dumps({"systems": systems, "ket": {"0" * many: 1}})
    found["large dimensions"] = json.dumps({"systems": dict.fromkeys("ABCDEFGH", 10), "ket": {"0" * 8: 1}})
    found["many servers"] = json.dumps({"field": 2, "servers": {f"S{i}": [[1]] for i in range(20_000)}})
    return found


CHILD = """
import json, resource, sys, time
from pathlib import Path
import clarabel, galois, qiskit, scipy.optimize
from qcoord_hw import api
from tests.hostile import ends_well
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
for warm in (["theory", "linear", "sum-2-f2"], ["theory", "game", "chsh"], ["show", "sum-2-f2"],
             ["theory", "region", "epr", "--network", "cascade"]):
    assert ends_well(*warm)[0] == 0
base, tried = most(), 0
for kind, command, path in json.load(sys.stdin):
    began = time.process_time()
    status, _, said = ends_well(*(path if word == "FILE" else word for word in command))
    took = time.process_time() - began
    tried += status == 2
    if took > float(sys.argv[1]) or most() - base > float(sys.argv[2]):
        print("TOO MUCH", command, path, took, most() - base, said)
print(tried)
"""


@pytest.mark.slow
def test_every_door_refuses_what_is_no_input_soon_and_in_little_memory(tmp_path):
    tries: list[tuple[str, list[str], str]] = []
    for kind, doors in DOORS.items():
        there: list[Path] = []
        for name, content in files().items():
            there.append(tmp_path / f"{name}.{kind}")
            there[-1].write_text(content, encoding="utf-8")
        for name, target in LINKS.items():
            there.append(tmp_path / f"{name}.{kind}")
            there[-1].symlink_to(there[-1] if target == "FILE" else target)
        there += [tmp_path / f"{name}.{kind}" for name in ("folder", "pipe", "large", "latin")]
        there[-4].mkdir()
        os.mkfifo(there[-3])
        with there[-2].open("wb") as file:
            file.truncate(2**30)
        there[-1].write_bytes(b"\xff\xfe\xfd")
        tries += [(kind, command, str(path)) for path in there for command in doors]
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, str(SECONDS), str(MEGABYTES)],
        input=json.dumps(tries),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    *faults, tried = ended.stdout.splitlines()
    assert faults == []
    assert int(tried) > 0.9 * len(tries)


@pytest.mark.parametrize(
    "name", ["pipe", "zero", "folder", "large", "deep", "long exponent", "network of a list"]
)
def test_a_file_that_is_no_input_is_refused(tmp_path, name):
    from tests.hostile import ends_well

    for kind, doors in {"json": DOORS["json"][:4], "toml": DOORS["toml"][:1]}.items():
        path = tmp_path / f"x.{kind}"
        if name == "pipe":
            os.mkfifo(path)
        elif name == "zero":
            path.symlink_to("/dev/zero")
        elif name == "folder":
            path.mkdir()
        elif name == "large":
            with path.open("wb") as file:
                file.truncate(2**30)
        else:
            path.write_text(CONTENTS[name])
        for command in doors:
            arguments = [str(path) if word == "FILE" else word for word in command]
            if command[:2] == ["theory", "check"] and name == "network of a list":
                continue  # an answer, if a bad one: what is wrong with it is printed
            status, _, said = ends_well(*arguments)
            assert status == 2, command
            assert name not in ("pipe", "zero") or "no regular file" in said  # and not what was read of it


@pytest.mark.parametrize("number", NUMBERS[:4])
def test_a_number_that_nobody_would_write_out_is_refused(number):
    from qcoord_hw.errors import InputError
    from qcoord_hw.theory.named_states import named_state, read_number
    from qcoord_hw.theory.states import state_from_json

    if "e9" in number.lower() or "e+0" in number.lower():
        with pytest.raises(InputError, match="allowed are numbers"):
            state_from_json({"systems": {"A": 2}, "ket": {"0": number}})
        with pytest.raises(InputError, match="allowed are numbers"):
            named_state(f"werner:visibility={number.replace('1e-', '1e')}")
    else:
        assert 0 <= read_number("p", number) < 1e-80


def test_as_many_systems_as_are_allowed_can_be_made():
    from qcoord_hw.theory.states import MAX_SYSTEMS, state_from_json

    systems = {f"S{i}": 1 for i in range(MAX_SYSTEMS)}
    state = state_from_json({"systems": systems, "ket": {"0" * MAX_SYSTEMS: 1}})
    assert state.density().shape == (1, 1)
    assert state.reduced(["S1", "S2"]).tensor().shape == (1, 1)
    x = [{"p": 1, "x": dict.fromkeys(systems, 0)}]
    letters = state_from_json({"systems": systems, "classical": list(systems), "ensemble": x})
    assert letters.density().shape == (1, 1)
