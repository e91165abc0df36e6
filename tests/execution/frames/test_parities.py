"""Sums of bits that decide: their distribution is that of all outcomes, and one outcome stands for many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qcoord_hw.catalogue import load_spec
from qcoord_hw.execution import expectation, methods
from qcoord_hw.execution.expectation import is_exact, outcomes_of
from qcoord_hw.execution.parities import outcomes_with
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import build_experiment, parities_of


def test_an_outcome_has_the_sums_that_it_stands_for(rng):
    for _ in range(20):
        rows = rng.integers(0, 2, (4, 7)).astype(np.uint8)
        sums = rng.integers(0, 2, (9, 7)).astype(np.uint8) @ rows.T % 2
        np.testing.assert_array_equal(outcomes_with(rows, sums) @ rows.T % 2, sums)


def test_figures_are_those_of_all_outcomes(monkeypatch):
    """Of a computation whose outcomes can be listed as well: the same share of every output."""
    experiment = build_experiment(load_spec("example-1-f2"))
    play, parities = experiment.play, parities_of(experiment.play)
    assert parities_of(object()) is None
    prepared = resolve_target("fake_torino").prepare(program_of(experiment), ())
    same = tuple(replace(q, p01=q.p10) for q in prepared.snapshot.qubits)
    prepared = replace(prepared, snapshot=replace(prepared.snapshot, qubits=same))
    monkeypatch.setattr(methods, "MAX_DENSITY_MATRIX", 0)
    assert is_exact(prepared, [0, 5])
    listed = outcomes_of(prepared, [0, 5], parities)
    monkeypatch.setattr(expectation, "MAX_LISTED", 1)
    assert not is_exact(prepared, [0, 5])
    assert is_exact(prepared, [0, 5], parities)
    for whole, few in zip(listed, outcomes_of(prepared, [0, 5], parities), strict=True):
        assert len(few[0]) == 2 ** len(parities) < len(whole[0])
        shares = []
        for words, weights in (whole, few):
            bits = np.array([list(word.encode()) for word in words]) - ord("0")
            outputs = play.outputs(play.digits(bits)).reshape(len(bits), -1)
            found: dict = {}
            for row, weight in zip(outputs.tolist(), weights / weights.sum(), strict=True):
                found[tuple(row)] = found.get(tuple(row), 0) + weight
            shares.append(found)
        assert shares[0].keys() == shares[1].keys()
        for key, share in shares[0].items():
            assert abs(share - shares[1][key]) < 1e-9
