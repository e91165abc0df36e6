"""The candidates of every experiment: named, distinct, itself among them, and built as they are called."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import qcoord_hw as qc
from qcoord_hw import api, registry
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.errors import InputError
from qcoord_hw.families.base import AS_GIVEN
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import check_name

pytestmark = pytest.mark.usefixtures("work_clock")

GAME = {
    "name": "mine",
    "prob": [["1/4", "1/4"], ["1/4", "1/4"]],
    "win": [[[[1, 0], [0, 1]]] * 2, [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
}


def candidates(name, **parameters):
    spec = spec_of(name, parameters)
    return {one.name: one for one in registry.family(spec.family).candidates(spec)}


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_every_experiment_has_candidates_of_distinct_names(step):
    for name in catalogue_names()[::step]:
        spec = spec_of(name, {})
        found = registry.family(spec.family).candidates(spec)
        names = [one.name for one in found]
        assert len(set(names)) == len(names), name
        assert names[0] == AS_GIVEN
        assert found[0].spec == spec
        assert found[0].same
        for one in names:
            check_name("candidate", one)


def test_a_linear_computation_is_done_over_fields_in_batches_beyond_and_by_places():
    found = candidates("example-1-f2")
    assert {"batch-2", "batch-3", "beyond", "graph-1", "field-3", "theorem-1-at-A", "batch-2-at-D"} <= set(
        found
    )
    assert "theorem-1" not in found  # the experiment itself
    assert [one.name for one in found.values() if not one.same] == ["field-3", "field-5"]
    assert found["batch-2"].spec.options["batch"] == 2
    assert found["theorem-1-at-C"].spec.options["auxiliary"] == ("C", "C")  # c = 2 over F_2
    assert found["field-3"].spec.name == "example-1-f2-field-3"
    with pytest.raises(InputError, match="needs no auxiliary"):
        _ = candidates("example-2-f2")["theorem-1-at-A"].spec
    assert "field-3" not in candidates("example-3-f3")
    digits = candidates("sum-3-f4")["field-2"]  # V has entries of F_2 alone: digits are computed one by one
    assert digits.same
    assert "irreducible_poly" not in digits.spec.options


@pytest.mark.parametrize("name", ["sum-4-f2", pytest.param("example-1-f2-beyond", marks=pytest.mark.slow)])
def test_another_graph_computes_the_same_by_other_circuits(name):
    """On the ideal simulator, where every input comes out right."""
    built = [api.build(name, shots=20, parameters={"graph": k, "inputs": 4}, seed=1) for k in (0, 1)]
    first, second = (one.experiment.circuits[0].circuit for one in built)
    assert first != second
    for one in built:
        rate = qc.run(one, seed=1)["surviving_rate"]
        assert rate.high == pytest.approx(rate.theory.value)


def test_a_graph_that_was_not_found_is_refused():
    with pytest.raises(InputError, match=r"^parameters.graph: 4; allowed is 0, no more graphs"):
        api.build("sum-2-f2", parameters={"graph": 4})


def test_a_game_is_played_in_several_dimensions_with_its_parameters_kept():
    found = candidates("cglmp-3", rounds=2)
    assert {AS_GIVEN, "embedded", "dimension-2", "dimension-4"} <= set(found)
    embedded = api.Built.of(found["embedded"].spec)
    assert embedded.experiment.copies == 2
    play = embedded.experiment.play
    assert not play.leaks
    assert play.theory.value == pytest.approx(1 / 2 + (1 + (11 / 3) ** 0.5) / 8)
    assert api.Built.of(found[AS_GIVEN].spec).experiment.play.leaks
    with pytest.raises(InputError, match="no perfect strategy over Pauli"):
        _ = found["pauli"].spec


def test_a_see_saw_is_projective_and_the_same_each_time(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(GAME))
    first, again = (candidates(path, dimension=2)["dimension-2"].spec for _ in range(2))
    assert first == again
    assert "dimension-3" not in candidates(path, dimension=2)
    built = api.Built.of(first).experiment
    assert len(built.circuits[0].circuit.qubits) == 2
    assert built.play.theory.value == pytest.approx(0.8535534, abs=1e-6)


def test_a_state_is_made_by_protocols_that_its_network_has():
    found = candidates("mac-n3")
    assert {"naive-n3-m2", "schumacher-n3-m2", "prepared-n2-m1"} <= set(found)
    assert "prepared-n3-m2" not in found  # the experiment itself
    assert candidates("cascade-ghz2")["exact-link1-ebits-link2-qubits"].spec.options["link1"] == "ebits"
    assert "example-1" not in candidates("cascade-ghz2")
    assert (
        candidates("two-node-n2")["codebook-n2-coset"]
        .spec.options.keys()
        .isdisjoint({"encoder", "decoder_B"})
    )


def test_a_candidate_has_qubits_of_its_own():
    spec = replace(spec_of("chsh", {}), layout=(3, 4))
    found = {one.name: one for one in registry.family(spec.family).candidates(spec)}
    assert found[AS_GIVEN].spec.layout == (3, 4)
    assert found["xor"].spec.layout == ()


def test_an_unknown_candidate_is_one_line():
    with pytest.raises(
        InputError, match=r"^candidate: 'batch-22'; did you mean 'batch-2'|^candidate: 'batch-22'"
    ):
        api.build("example-1-f2", candidate="batch-22")
