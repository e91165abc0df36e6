"""Public cases with their right values, through the command line; `cli/test_expressions.py` has Bell tables.

`data/public-cases.json` holds what was published, where, and how near an answer has to come. A figure of a
case is measured by the function of its kind, and all that the case expects is compared.
"""

from __future__ import annotations

import csv
import json
import math
import shlex
from fractions import Fraction
from pathlib import Path

import pytest

import qcoord_hw as qc
from tests.calls import call, call_json

DATA = Path(__file__).parent / "data"
CASES = {case["id"]: case for case in json.loads((DATA / "public-cases.json").read_text())}
FAST = (
    *("bcs-chsh", "chsh-charlie", "inc-k5", "ci-sbec3", "ci-coin3", "sep-horodecki2x4b05", "sep-sep-rank2"),
    *("lin-sum10", "lin-reducible8", "exp-order", "exec-readout", "doors-boundary"),
    *("doors-hardy-zeros", "doors-extended-mub"),
)
"""What takes no time, some of each kind; the others are marked slow."""


def compare(found, expected, tolerance):
    """Compare what was measured with all that a case expects."""
    for name, value in expected.items():
        if name == "origin":
            continue
        if name == "quantum_at_least":
            assert found["lower"] >= value - tolerance, name
        elif name == "quantum_at_most":
            assert found["upper"] <= value + tolerance, name
            assert found["lower"] <= value + tolerance, name
        elif isinstance(value, int | float) and not isinstance(value, bool):
            assert found[name] == pytest.approx(value, abs=tolerance or 1e-12), name
        else:
            assert found[name] == value, name


def arguments(case, folder):
    """Return the command of a case as words, its file written to the folder."""
    file = case["input"].get("file")
    path = folder / "case.json"
    if file is not None:
        path.write_text((DATA / file).read_text() if isinstance(file, str) else json.dumps(file))
    words = shlex.split(case["input"]["command"])
    return [str(path) if word == "FILE" else word for word in words if word != "--json"]


def held(capsys, folder, found):
    """Return whether the independent checker accepts an answer."""
    saved = folder / "answer.json"
    saved.write_text(json.dumps(found))
    return call_json(capsys, "theory", "check", saved)["holds"]


def game(case, capsys, folder):
    found = call_json(capsys, *arguments(case, folder))
    assert held(capsys, folder, found)
    assert found["quantum"]["kind"] == "exact"
    return found["quantum"] | {"classical": found["classical"]["value"]}


def region(case, capsys, folder):
    found = call_json(capsys, *arguments(case, folder))
    assert held(capsys, folder, found)
    ends = {name: value["upper"] for name, value in found["quantities"].items()}
    for value in found["quantities"].values():
        if "lower" in value and "inf" not in value.values():
            assert value["upper"] - value["lower"] <= 10 * case["tolerance"] + 1e-3
    return {"status": found["status"], **ends}


def linear(case, capsys, folder):
    words = arguments(case, folder)
    if "exit" in case["expected"]:
        status, out, err = call(capsys, *words)
        assert (out, err.count("\n")) == ("", 1)
        assert "irreducible_poly" in err
        return {"exit": status}
    found = call_json(capsys, *words)
    assert held(capsys, folder, found)
    best = max([found["rate"], *([found["beyond"]["rate"]] if found["beyond"] else [])], key=Fraction)
    return found | {"theorem1": found["rate"], "best": best}


def export(case, capsys, folder):
    """Score the exported rows by their answers alone."""
    win = case["input"]["file"]["win"]
    (folder / "case.json").write_text(json.dumps(case["input"]["file"]))
    for command in case["input"]["commands"]:
        words = [
            {"FILE": folder / "case.json", "X": folder / "x.csv"}.get(w, w) for w in shlex.split(command)
        ]
        assert call(capsys, *words)[0] == 0
    rows = list(csv.DictReader((folder / "x.csv").read_text().splitlines()))
    keys = ("question_1", "question_2", "answer_1", "answer_2")
    won = sum(int(row["count"]) * at(win, [int(row[key]) for key in keys]) for row in rows)
    answers = {(row["answer_1"], row["answer_2"]) for row in rows}
    assert answers == {("3", "1")}
    return {
        "win_from_csv": won / sum(int(row["count"]) for row in rows),
        "rule": case["expected"]["rule"],
    }


def at(nested, place):
    for i in place:
        nested = nested[i]
    return nested


def execution(case, capsys, folder):
    if "python" in case["input"]:
        return {"win": own_noise()}
    found = call_json(capsys, *arguments(case, folder))
    (win,) = (e["best"] for e in found["estimates"] if e["name"] == "win_probability")
    if case["id"] != "exec-faulty-edge":
        return {"win": win}
    text = call(capsys, "report", found["run"])[1]
    near_half = "near 1/2" if abs(win - 0.5) <= case["tolerance"] else win
    return {"warned": "error 1" in text or "faulty" in text, "win": near_half}


def own_noise():
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

    noise = NoiseModel()
    noise.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]))
    noise.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["cx", "cz", "ecr"])
    run = qc.run("chsh", target=AerSimulator(noise_model=noise), shots=100000, seed=3)
    (win,) = (e.best for e in run.estimates if e.name == "win_probability")
    return win


def boundary(case, capsys, folder):
    """The corner that an answer lists is inside the region, or at its boundary."""
    state = CASES[case["input"]["state"]]["input"]["file"]
    found = call_json(capsys, *arguments({"input": case["input"] | {"file": state}}, folder))
    corners = found["criteria"]["theorem"]["corners"]
    assert any(math.isclose(c["R0"], 0) and math.isclose(c["R1"], 1, abs_tol=1e-6) for c in corners)
    assert found["membership"]["theorem"]["inside"] is True
    return {"membership": case["expected"]["membership"]}


SIGMA = {(0, 0): [[1, 0], [0, 0]], (0, 1): [[0, 0], [0, 1]], (1, 0): [["1/2", "1/2"], ["1/2", "1/2"]],
         (1, 1): [["1/2", "-1/2"], ["-1/2", "1/2"]]}  # fmt: skip
MONOGAMY = [
    [
        [[SIGMA[x, a] if x == y and a == b else [[0, 0], [0, 0]] for b in (0, 1)] for a in (0, 1)]
        for y in (0, 1)
    ]
    for x in (0, 1)
]
"""What the referee measures where both say the same: [x][y][a][b] -> a matrix."""

CHSH = {"name": "c", "outcomes": [[2, 2], [2, 2]], "expression": {"terms": [{"c": 1, "E": [1, 1]}]}}
GAME = {"name": "g", "prob": [["1/2", 0], [0, "1/2"]], "win": [[[[1, 0], [0, 1]]] * 2] * 2}
CLOSED = {
    "doors-hardy-zeros": [
        CHSH | {"subject_to": ["P(00|00)=0", "P(01|10)=0", "P(10|01)=0"]},
        CHSH | {"constraints": [{"x": [0, 0], "a": [0, 0], "=": 0}]},
        GAME | {"equalities": []},
    ],
    "doors-extended-mub": [
        {key: value for key, value in GAME.items() if key != "win"} | {"win": MONOGAMY},
        {key: value for key, value in GAME.items() if key != "win"} | {"pred": MONOGAMY},
        GAME | {"referee": {"dimension": 2}},
        GAME | {"states": [[[1, 0], [0, 0]]]},
        GAME | {"win": [[[[[[[1, 0]] * 2] * 2] * 2] * 2] * 2] * 2},  # complex numbers
    ],
}
"""Files for which there is no door yet."""


def refused(case, capsys, folder):
    """What cannot be taken yet says so in one line, wherever a game may stand."""
    asked = {key: value for key, value in case["input"].items() if key == "subject_to"}
    for data in [*CLOSED[case["id"]], CHSH | (asked or {"referee": case["input"]["game"]})]:
        path = folder / "case.json"
        path.write_text(json.dumps(data))
        for command in (("theory", "game"), ("run",), ("show",), ("plan",), ("sweep",)):
            status, out, err = call(capsys, *command, path)
            assert (status, out, err.count("\n")) == (2, "", 1)
            assert ("side constraints" if asked else "a referee with a quantum system") in err
            assert "not taken" in err
    return case["expected"]


def test_the_exact_common_information_has_no_door_and_says_so(capsys, tmp_path):
    path = tmp_path / "state.json"
    state = CASES["ci-golden"]["input"]["file"]
    for data, more in (
        (state, ["--exact"]),
        (state | {"exact": True}, []),
        (state | {"simulation": "exact"}, []),
    ):
        path.write_text(json.dumps(data))
        status, out, err = call(capsys, "theory", "region", path, "--network", "two-node", *more)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "the exact common information, is not taken" in err


MEASURES = {
    "user-game": game,
    "common-information": region,
    "separability": region,
    "linear-computation": linear,
    "export": export,
    "execution": execution,
}


def marked(name):
    return pytest.param(CASES[name], id=name, marks=() if name in FAST else pytest.mark.slow)


@pytest.mark.parametrize("case", [marked(name) for name in CASES])
def test_a_public_case_has_its_right_value(capsys, tmp_path, case):
    measure = MEASURES.get(case["kind"]) or (boundary if case["id"] == "doors-boundary" else refused)
    compare(measure(case, capsys, tmp_path), case["expected"], case["tolerance"])
