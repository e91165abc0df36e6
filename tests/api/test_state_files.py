"""`theory region` and `run` take the same state files: every kind of file in every network."""

from __future__ import annotations

import itertools
import json

import pytest

import qcoord_hw as qc
from qcoord_hw.api import build
from qcoord_hw.errors import InputError
from qcoord_hw.theory.networks import NETWORKS

pytestmark = pytest.mark.usefixtures("work_clock")


def mixed(size):
    return [[1 / size if i == j else 0 for j in range(size)] for i in range(size)]


def labelled(systems, classical, entries):
    """An ensemble with equal probabilities: (letters, ket) entries."""
    return {
        "systems": systems,
        "classical": classical,
        "ensemble": [
            {"p": f"1/{len(entries)}", "x": dict(zip(classical, x, strict=True)), "ket": {key: 1}}
            for x, key in entries
        ],
    }


CELLS = list(itertools.product((0, 1), repeat=2))

FILES = {
    "ket A, B": {"systems": {"A": 2, "B": 2}, "ket": {"00": 3, "11": 4}},
    "ket A, B, C": {"systems": {"A": 2, "B": 2, "C": 2}, "ket": {"000": 1, "111": 1}},
    "ket A, B, C, D": {"systems": dict.fromkeys("ABCD", 2), "ket": {"0000": 1, "1111": 1}},
    "ket of trits": {"systems": {"A": 3, "B": 3}, "ket": {"00": 1, "11": 1, "22": 1}},
    "ket of two pairs": {
        "systems": {"A": 2, "B": 2, "C": 4},
        "ket": {"000": 0.8, "011": 0.4, "102": 0.4, "113": 0.2},
    },
    "ket B": {"systems": {"B": 2}, "ket": {"0": 1, "1": 1}},
    "ket A": {"systems": {"A": 2}, "ket": {"0": 1, "1": 1}},
    "ket S, T": {"systems": {"S": 2, "T": 2}, "ket": {"00": 1}},
    "density A, B": {"systems": {"A": 2, "B": 2}, "density": mixed(4)},
    "density A, B, C": {"systems": {"A": 2, "B": 2, "C": 2}, "density": mixed(8)},
    "density X, B": {"systems": {"X": 2, "B": 2}, "density": mixed(4)},
    "X, B": labelled({"X": 2, "B": 2}, ["X"], [((0,), "0"), ((1,), "1")]),
    "B, X": labelled({"B": 2, "X": 2}, ["X"], [((0,), "0"), ((1,), "1")]),
    "X, B, both classical": labelled({"X": 2, "B": 2}, ["X", "B"], [((0, 0), ""), ((1, 1), "")]),
    "A classical, B": labelled({"A": 2, "B": 2}, ["A"], [((0,), "0"), ((1,), "1")]),
    "A, B classical": labelled({"A": 2, "B": 2}, ["A", "B"], [((0, 0), ""), ((1, 1), "")]),
    "X, A, B": labelled({"X": 2, "A": 2, "B": 2}, ["X"], [((0,), "00"), ((1,), "11")]),
    "X, B, C": labelled({"X": 2, "B": 2, "C": 2}, ["X"], [((0,), "00"), ((1,), "11")]),
    "X, A, B, C": labelled({"X": 2, "A": 2, "B": 2, "C": 2}, ["X"], [((0,), "000"), ((1,), "011")]),
    "X, Y, B, C": labelled(
        {"X": 2, "Y": 2, "B": 2, "C": 2}, ["X", "Y"], [(c, f"{c[0]}{c[1]}") for c in CELLS]
    ),
    "X alone": labelled({"X": 2}, ["X"], [((0,), ""), ((1,), "")]),
    "A of one level, B": {"systems": {"A": 1, "B": 2}, "ket": {"00": 1, "01": 1}},
}

REFUSED_BY_STATUS = ("infeasible", "undetermined", "not_covered")

SIZES = "allowed are at most (2, 2, 4)", "allowed are 1 to 3", "allowed is one with something to make"
"""What a run may refuse beyond what the network can do: sizes, and nothing to measure."""


def outcome(call):
    try:
        return call(), None
    except InputError as error:
        return None, str(error)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("states")
    for k, data in enumerate(FILES.values()):
        (path / f"state-{k}.json").write_text(json.dumps(data))
    return path


@pytest.mark.few(2)
@pytest.mark.parametrize("network", NETWORKS)
def test_region_and_run_take_the_same_files(network, folder):
    accepted = 0
    for k, kind in enumerate(FILES):
        path = str(folder / f"state-{k}.json")
        region, no_region = outcome(lambda path=path: qc.theory_region(path, network, time_limit=5))
        built, no_run = outcome(lambda path=path: build(path, parameters={"network": network}))
        where = (network, kind, no_region, no_run, region and region["status"])
        if region is None:
            assert built is None, where
            # The same test refuses: what it says stands in both.
            assert no_region.split(": ", 1)[-1] in no_run, where
            continue
        assert set(region["holders"]) == set(FILES[kind]["systems"]), where
        if built is None:
            named = region["status"] in REFUSED_BY_STATUS or any(words in no_run for words in SIZES)
            assert named, where
            assert ": " in no_run, where
        else:
            accepted += 1
            assert region["status"] in ("feasible", "undetermined"), where
            assert built.experiment.play.holders == region["holders"], where
    assert accepted >= 3


def test_the_same_letters_mean_different_things_and_every_answer_says_which(folder, runs_dir):
    path = str(folder / f"state-{list(FILES).index('X, B')}.json")
    said = {}
    for network in ("two-node", "quantum-broadcast", "no-communication"):
        result = qc.run(path, parameters={"network": network}, shots=20, seed=1)
        said[network] = result.summary["holders"]
        assert all(f"{s}: {words}" in result.table() for s, words in said[network].items())
    assert said["two-node"] == {"X": "Alice's source", "B": "Bob's system, dimension 2"}
    assert said["quantum-broadcast"]["X"] == "Bob's side information"
    assert said["no-communication"]["X"] == "Alice's classical system, 2 letters"


@pytest.mark.parametrize("copies", [1, 3])
def test_a_pure_pair_runs_over_a_link_of_qubits(copies, runs_dir):
    pair = {"systems": {"A": 2, "B": 2}, "ket": {"00": 0.95**0.5, "11": 0.05**0.5}}
    path = runs_dir.parent / "pair.json"
    path.write_text(json.dumps(pair))
    result = qc.run(str(path), parameters={"network": "two-node", "n": copies}, shots=50, seed=1)
    sent = result.usage["Alice->Bob"]["qubits"]
    # Kept of three copies on one qubit: the two likeliest of eight strings; on two, the four likeliest.
    kept = {1: 1.0, 3: 0.95**3 + 0.05 * 0.95**2}[copies]
    if copies == 3 and sent == 2:
        kept = 0.95**3 + 3 * 0.05 * 0.95**2
    assert sent == (1 if copies == 1 else 1 if 0.95**3 + 0.05 * 0.95**2 >= 0.9 else 2)
    assert result["fidelity_exact"].best == pytest.approx(kept, abs=1e-9)
    known = qc.theory_region(str(path), "two-node")["criteria"]["no_entanglement"]["constraints"][0]
    assert result.summary["rates"]["Q, asymptotic"]["value"] == pytest.approx(known[">="])


def test_the_order_of_systems_survives_the_way_into_a_spec(runs_dir):
    """B before A: the ket's digits are in the order of the file, whatever the order of the alphabet."""
    path = runs_dir.parent / "backwards.json"
    path.write_text(json.dumps({"systems": {"B": 3, "A": 2}, "ket": {"00": 1, "20": 2, "11": 1}}))
    for network in ("two-node", "cascade"):
        built = build(str(path), parameters={"network": network})
        (case,) = built.experiment.play.cases
        # A has one qubit and B two: A = 0 with B = 0 or 2, A = 1 with B = 1.
        ket = abs(case.state) * 6**0.5
        assert [round(ket[i], 9) for i in (0b000, 0b010, 0b101)] == [1, 2, 1]
    path.write_text(json.dumps({"systems": dict.fromkeys("CAB", 2), "ket": {"000": 3, "110": 1}}))
    built = build(str(path), parameters={"network": "cascade", "protocol": "compressed", "n": 2})
    (case,) = built.experiment.play.cases
    # C and A are alike and B is 0, twice: A = B = C = 0, or A = C = 1.
    assert abs(case.state[0b000101]) ** 2 == pytest.approx(0.9 * 0.1)
    assert abs(case.state[0b000110]) < 1e-12


def test_what_was_written_before_is_written_the_same():
    from qcoord_hw.spec import canonical_json
    from qcoord_hw.theory.named_states import named_state

    for name in ("ghz", "dsbs", "broadcast-epr", "werner"):
        data = named_state(name).to_json()
        if list(data["systems"]) == sorted(data["systems"]):
            assert named_state(name).to_text() == canonical_json(data)


@pytest.mark.parametrize("amplitude", [-1e308, 1.1e100, [0, 1e101], "1e101", 2**63, -(10**30)])
def test_an_amplitude_out_of_range_is_refused_as_such(amplitude, tmp_path):
    file = tmp_path / "large.json"
    for keys in (("00",), ("00", "01", "10", "11")):
        ket = dict.fromkeys(keys, amplitude)
        file.write_text(json.dumps({"systems": {"A": 2, "B": 2}, "ket": ket}))
        with pytest.raises(InputError, match=r"allowed are .* of size at most 1e.100"):
            qc.theory_region(file, "two-node")
    for just in (1e100, -1e100, [1e99, -1e99]):
        ket = dict.fromkeys(("00", "01", "10", "11"), just)
        file.write_text(json.dumps({"systems": {"A": 2, "B": 2}, "ket": ket}))
        assert qc.theory_region(file, "two-node")["ok"]
