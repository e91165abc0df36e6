"""Theorems 10 and 11, codebooks, binning, and the lines and tables that other answers of theory have."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from qcoord_hw.api.theory import check_answer
from qcoord_hw.theory.finite_blocklength import resolvability
from qcoord_hw.theory.finite_blocklength.codebooks import (
    codebook_distance,
    codebook_steps,
    decomposition,
    random_codebook,
)
from qcoord_hw.theory.information import binary_entropy, entropy
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.states import make_state

pytestmark = pytest.mark.usefixtures("work_clock")


def printed(capsys, *arguments):
    assert cli.main(["theory", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    try:
        status = cli.main(["theory", *arguments])
    except SystemExit as error:  # the parser's own
        status = error.code
    assert status == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.count("\n") == 1
    return found.err


def test_resolvability_of_an_ensemble(capsys):
    found = printed(capsys, "resolvability", "mirror-qubits:x=0.3,z=0.4", "--n", "1,2", "--rate", "0,1")
    assert [(p["n"], p["rate"]) for p in found["points"]] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert found["points"][0]["expected_trace_norm"] == pytest.approx(0.4)  # z, whichever letter is drawn
    assert found["points"][1]["expected_trace_norm"] == pytest.approx(0.2)  # half the time the mean itself
    bloch = math.hypot(0.3, 0.4)
    assert found["information"] == pytest.approx(binary_entropy(0.65) - binary_entropy((1 + bloch) / 2))


@pytest.mark.parametrize("name", ["dsbs:crossover=0.2", "erasure:erasure=0.3"])
def test_the_symmetric_channels_are_the_matrices(name):
    """The way to n = 3000 and the enumeration of all codebooks agree where both go."""
    state = named_state(name)
    for n, rate in ((1, 1), (2, 0.5), (2, 1)):
        point = qc.theory_resolvability(name, n, rate).points[0]
        right = resolvability.expected_distance(state.probabilities, state.blocks, n, rate)
        assert right.accuracy == "exact"
        assert point.expected_trace_norm == pytest.approx(right.value, abs=2 * point.error + 1e-9)


def test_an_ensemble_that_only_looks_symmetric_is_none():
    rows = [[0.8, 0.2], [0.3, 0.7]]
    blocks = [(0.5, (x,), np.diag(row)) for x, row in enumerate(rows)]
    state = make_state("skew", {"X": 2, "A": 2}, blocks, ("X",))
    found = qc.theory_resolvability(state, 1, 0)
    assert found.points[0].accuracy == "exact"
    assert found.information == pytest.approx(
        entropy([0.55, 0.45]) - (entropy(rows[0]) + entropy(rows[1])) / 2
    )


def test_codebook_steps_are_what_the_proof_says(rng):
    """(80) <= (77), (83) <= (80) + (82), and (83) is the distance scored elsewhere; random mixtures."""
    for _ in range(6):
        letters, words = int(rng.integers(2, 4)), int(rng.integers(1, 4))
        kets = rng.normal(size=(words, 2, 2)) @ np.array([1, 1j])
        kets /= np.linalg.norm(kets, axis=1, keepdims=True)
        theta = np.einsum("ui,uj->uij", kets, kets.conj())
        target = decomposition(
            rng.dirichlet(np.ones(words)).tolist(), rng.dirichlet(np.ones(letters), words), theta
        )
        book = random_codebook(target, 2, (2, 3), rng)
        steps = codebook_steps(book, target)
        assert steps.encoding <= steps.covering + 1e-12
        assert steps.whole <= steps.encoding + steps.mean + 1e-12
        scored = codebook_distance(book, target)
        assert steps.whole == pytest.approx(scored.trace_norm)
        assert steps.covering == pytest.approx(scored.covering)


def test_codebooks_of_a_state(capsys):
    found = printed(
        capsys, "codebook", "dsbs", "--n", "1,2", "--at", "R0=.5,R1=1", "--draws", "5", "--time-limit", "20"
    )
    assert [point["n"] for point in found["points"]] == [1, 2]
    assert found["information_all"] == pytest.approx(0.872761, abs=1e-5)
    for point in found["points"]:
        means = point["expected"]
        assert means["encoding"] <= means["covering"] + 1e-12
        assert means["whole"] <= means["encoding"] + means["mean"] + 1e-12
    wide = qc.theory_codebook(
        "mirror-broadcast", 1, {"R0": 0, "R1": 1}, network="classical-broadcast", draws=4, time_limit=20
    )
    assert "(112)" in wide.table()


def test_binning_of_both_receivers(capsys):
    found = printed(
        capsys, "binning", "broadcast-compressed:p=0.9", "--n", "8", "--rate", "2", "--delta", ".2"
    )
    assert found["entropy"] == pytest.approx(binary_entropy(0.1))
    point = found["points"][0]
    assert 0 < point["collision"] < 2.0 ** (8 - 16)
    assert point["failure"] == pytest.approx(point["atypical"] + (1 - point["atypical"]) * point["collision"])
    charlie = qc.theory_binning("question-product", 3, 1.0, receiver="Charlie")
    assert charlie.entropy == pytest.approx(0.5)  # C = xy and Charlie knows y
    assert sorted(map(tuple, charlie.spectra)) == [(0.5, 0.5), (1.0, 0.0)]


def test_redistribution_of_random_pure_states(rng):
    """(133)-(134) from the entropies of the purification, whichever systems they are."""
    for _ in range(5):
        vector = rng.normal(size=(2, 2, 2, 2, 2)) @ np.array([1, 1j])
        state = make_state(
            "r", dict.fromkeys("ABGR", 2), [(1, (), (vector / np.linalg.norm(vector)).ravel())]
        )
        found = qc.theory_redistribution(state, sent="A", side="R", reference="G")
        h = state.entropy
        assert found.Q == pytest.approx((h("AR") + h("GR") - h("R") - h("AGR")) / 2)
        assert found.Q_plus_E == pytest.approx(h("AR") - h("R"), abs=1e-9)
        assert found.stays == "B"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("resolvability", "ghz", "--n", "2", "--rate", "1"), "state"),
        (("resolvability", "dsbs", "--n", "0", "--rate", "1"), "n"),
        (("resolvability", "dsbs", "--n", "two", "--rate", "1"), "--n"),
        (("resolvability", "dsbs", "--n", "2", "--rate", "-1"), "rate"),
        (("resolvability", "mirror-qubits", "--n", "2", "--rate", "1", "--draws", "1"), "draws"),
        (("resolvability", "mirror-qubits", "--n", "20", "--rate", "1"), "n"),
        (("codebook", "dsbs", "--n", "2", "--at", "R0=1"), "at"),
        (("codebook", "dsbs", "--n", "2", "--at", "R0=1,Q=1"), "at"),
        (("codebook", "dsbs", "--n", "2", "--at", "R0=1,R1=1", "--network", "cascade"), "network"),
        (("binning", "two-pairs", "--n", "3", "--rate", "1", "--receiver", "Dave"), "receiver"),
        (("binning", "epr", "--n", "3", "--rate", "1", "--receiver", "Charlie"), "receiver"),
        (("binning", "broadcast-epr", "--n", "3", "--rate", "1", "--delta", "0"), "delta"),
        (("redistribution", "ghz-mixture", "--sent", "B"), "state"),
        (("redistribution", "ghz", "--sent", "Z"), "sent"),
        (("redistribution", "nothing"), "state"),
    ],
)
def test_what_is_wrong_is_named(capsys, arguments, field):
    assert field in refused(capsys, *arguments)


@pytest.mark.few(["example-1", "w"], slow=1)
@pytest.mark.parametrize("name", ["example-1", "w", "noisy-ghz"])
def test_resource_inequalities_stand_at_every_corner(name):
    answer = qc.theory_region(named_state(name), "cascade")
    data = json.loads(json.dumps(answer.to_json()))
    assert check_answer(data).holds
    lines = data["resource_inequalities"]
    reached = [data["criteria"][name]["corners"] for name in ("redistribution", "generation_inner")]
    assert len(lines) == sum(map(len, reached))
    assert all(one["equation"] == "(41)" and one["line"].endswith(">= <omega_ABC>") for one in lines)
    spoilt = copy.deepcopy(data)
    spoilt["resource_inequalities"][0]["line"] = "0 >= <omega_ABC>" if lines[0]["line"][0] != "0" else "1"
    if spoilt != data:
        assert not check_answer(spoilt).holds


def test_the_correlation_is_the_strategys():
    for name in ("chsh", "magic-square", "ghz-3"):
        answer = qc.theory_game(name, correlation=True)
        table = np.array(answer.correlation)
        questions = answer.game.prob.shape
        sums = table.reshape(*questions, -1).sum(axis=-1)
        assert sums == pytest.approx(np.ones(questions))
        won = sum(np.vdot(answer.game.payoff[q], table[q]) for q in answer.game.questions())
        assert float(won) == pytest.approx(answer.quantum.lower, abs=1e-9)
        data = json.loads(json.dumps(answer.to_json()))
        assert check_answer(data).holds
        data["correlation"][0][0] = copy.deepcopy(data["correlation"][1][1])
        moved = data["correlation"] != json.loads(json.dumps(answer.to_json()))["correlation"]
        assert check_answer(data).holds is not moved
