"""Circuits of strategies over Pauli operators: their distribution, and few gates between few qubits."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from qcoord_hw.api.choosing import two_qubit_gates
from qcoord_hw.errors import InputError
from qcoord_hw.execution.run_description import two_qubit
from qcoord_hw.families.games.circuits import build, quantum_experiment
from qcoord_hw.families.games.user_game import spec_of_game, strategy_of, value_of, with_strategy
from qcoord_hw.spec import canonical_json
from qcoord_hw.theory.games import quantum
from qcoord_hw.theory.games.catalogue import GAMES, ghz
from qcoord_hw.theory.games.explicit import EXPLICIT, deterministic
from qcoord_hw.theory.games.pauli_solution import pauli_solution
from qcoord_hw.theory.games.quantum import quantum_value, strategy_json
from qcoord_hw.theory.value import Value
from tests.families.games.test_measurement_circuits import expected, found
from tests.parity_games import PETERSEN, bipartite, complete, constraint_variable, incidence, relabelled

pytestmark = pytest.mark.usefixtures("work_clock")

MADE = {
    "square": lambda: GAMES["magic-square"](),
    "lines": lambda: GAMES["magic-pentagram-lines"](),
    "ghz": lambda: ghz(4),
    "K3,3": lambda: incidence(bipartite(3, 3), {0}),
    "K5": lambda: incidence(complete(5), {0}),
    "even": lambda: incidence(bipartite(2, 3), {0, 1}),
}


@pytest.mark.few(3)
@pytest.mark.parametrize("name", MADE)
def test_circuits_give_the_distribution_of_the_strategy(name, rng):
    """Against tr(rho E x F ..) of the arrays; no outcome is lost."""
    game = relabelled(MADE[name](), rng)
    solution = pauli_solution(game)
    experiment = quantum_experiment(game, solution, name="any", title="any", theory=Value(1, "exact", "-"))
    strategy = solution.strategy(game.answers)
    for k, question in enumerate(game.questions()):
        table, leak = found(experiment, k)
        np.testing.assert_allclose(table, expected(strategy, question), rtol=0, atol=1e-9)
        assert leak == 0
        assert float((table * game.win[question]).sum()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("edges", "qubits", "gates"), [(bipartite(3, 3), 2, 3), (PETERSEN, 2, 3), (complete(5), 3, 5)]
)
def test_few_gates(edges, qubits, gates):
    """A CZ a pair, and at most one less than the qubits for a measurement."""
    game = incidence(edges, {0})
    experiment = quantum_experiment(
        game, pauli_solution(game), name="any", title="any", theory=Value(1, "exact", "-")
    )
    counts = [two_qubit(net.circuit) for net in experiment.circuits]
    assert max(counts) <= gates
    assert np.mean(counts) < qubits + 0.5
    assert {link["qubits"] for net in experiment.circuits for link in net.usage.values()} == {qubits}


def test_a_record_holds_the_words_and_builds_the_same_circuits():
    game = incidence(bipartite(3, 3), {0}, "mine")
    spec = spec_of_game(game)
    parameters = with_strategy(spec.name, spec.options | {"time_limit": 5, "dimension": 4})
    assert set(parameters) == {"prob", "win", "strategy"}
    assert set(json.loads(parameters["strategy"])) == {"pauli", "upper"}
    assert value_of(game, parameters["strategy"]).kind == "exact"
    stated = replace(spec, parameters=tuple(sorted(parameters.items())))
    first, again = build(stated), build(stated)
    assert [c.circuit for c in first.circuits] == [c.circuit for c in again.circuits]
    assert first.play.to_json() == again.play.to_json()


def test_words_that_are_wrong_are_refused():
    game = incidence(bipartite(3, 3), {0}, "mine")
    spec = spec_of_game(game)
    text = with_strategy(spec.name, spec.options)["strategy"]
    data = json.loads(text)
    worse = data | {
        "pauli": data["pauli"] | {"stabilizers": ["-" + s[1:] for s in data["pauli"]["stabilizers"]]}
    }
    assert value_of(game, canonical_json(worse)).kind == "lower"
    for key, value in (("stabilizers", ["+XX"]), ("qubits", [2]), ("answers", 3), ("observables", [[], []])):
        wrong = data | {"pauli": data["pauli"] | {key: value}}
        with pytest.raises(InputError, match=r"^parameters.strategy: "):
            value_of(game, canonical_json(wrong))
    with pytest.raises(InputError, match=r"^parameters.strategy: "):
        strategy_of('{"pauli": {}}')


def test_of_equal_strategies_the_one_with_the_fewest_gates_is_run(monkeypatch):
    """The count decides, of one strategy of each size; without a count the smallest is taken."""
    game = GAMES["ffl"]()
    spec = spec_of_game(game)
    one = with_strategy(spec.name, spec.options | {"time_limit": 3})
    assert strategy_of(one["strategy"]).dimensions == (1, 1)
    small = [deterministic(((0, 0), (0, 0)), (2, 2)) for _ in range(2)]
    equal = (*small, *(EXPLICIT["chsh"].build() for _ in range(2)))
    monkeypatch.setattr(
        quantum, "quantum_value", lambda *a, **k: replace(quantum_value(*a, **k), equals=equal)
    )
    seen = []

    def gates(parameters):
        seen.append(strategy_of(parameters["strategy"]).dimensions)
        return -max(seen[-1])

    chosen = with_strategy(spec.name, spec.options | {"time_limit": 3}, gates=gates)
    assert seen == [(1, 1), (2, 2)]
    assert strategy_of(chosen["strategy"]).dimensions == (2, 2)


def test_gates_are_counted_as_they_are_compiled():
    """The square takes a ring of four qubits, which this device has not: swaps are counted there."""
    game = GAMES["magic-square"]()
    experiment = quantum_experiment(
        game, pauli_solution(game), name="any", title="any", theory=Value(1, "exact", "-")
    )
    built, routed = (two_qubit_gates(experiment, target) for target in ("aer", "fake_torino"))
    assert built == pytest.approx(np.mean([two_qubit(net.circuit) for net in experiment.circuits]))
    assert routed > built
    assert two_qubit_gates(experiment, "ibm_nowhere") == built


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dimension": 0}, "dimension: 0; allowed are integers from 1 to 8$"),
        ({"dimension": 9}, "dimension: 9; allowed"),
        ({"dimension": True}, "dimension: True; allowed"),
        ({"dimension": "2"}, "dimension: '2'; allowed"),
        ({"time_limit": 0}, "time_limit: 0; allowed are seconds above 0, up to 3600"),
        ({"time_limit": 1e9}, "time_limit: 1000000000.0; allowed"),
        ({"time_limit": "soon"}, "time_limit: "),
        ({"time_limit": 1, "strategy": "{}"}, "time_limit: 1; allowed beside prob and without strategy"),
    ],
)
def test_parameters_of_the_search_are_checked(given, words):
    spec = spec_of_game(GAMES["chsh"]())
    with pytest.raises(InputError, match=f"^parameters.{words}"):
        with_strategy(spec.name, spec.options | given)
    three = spec_of_game(ghz(3))
    with pytest.raises(InputError, match=r"^parameters.dimension: 5; allowed are .* 1 to 4, for 3"):
        with_strategy(three.name, three.options | {"dimension": 5})


def test_rounding_makes_no_probability_above_1():
    """Sums of some of these are 1.0000000000000002 in floats, which a record would refuse."""
    for count in range(2, 20):
        game = constraint_variable([([k, (k + 1) % (count + 1)], 0) for k in range(count)])
        zeros = deterministic(((0,) * count, (0,) * (count + 1)), game.answers)
        assert value_of(game, canonical_json(strategy_json(zeros))).value <= 1
