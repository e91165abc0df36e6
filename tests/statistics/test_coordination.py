"""The analysis of a coordination run: exact distributions, coverage, readout, tomography and its null."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.analysis import analyse_coordination, strata, tally
from qcoord_hw.families.coordination.measurement.design import choose
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.statistics.stratified import drawn_limits
from qcoord_hw.theory.pauli_measurements.figures import exact_figures
from qcoord_hw.theory.pauli_measurements.target import Output, Target

ROTATIONS = {
    "X": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / math.sqrt(2),
    "Z": np.eye(2),
}
PARTIES = ("Alice", "Bob", "Charlie", "David")


def outcome_distribution(density, basis):
    """Return the distribution of a basis, shape (2,) * k, axis q for output q, by rotating the state."""
    rotation = np.eye(1)
    for letter in basis:
        rotation = np.kron(rotation, ROTATIONS[letter])
    found = np.diag(rotation @ density @ rotation.conj().T).real
    return np.maximum(found, 0).reshape((2,) * len(basis))


def random_density(rng, size, rank=None):
    """Return a random density matrix of some qubits."""
    rank = rank or 2**size
    factor = rng.normal(size=(2**size, rank)) + 1j * rng.normal(size=(2**size, rank))
    matrix = factor @ factor.conj().T
    return matrix / np.trace(matrix).real


def random_vector(rng, size):
    vector = rng.normal(size=2**size) + 1j * rng.normal(size=2**size)
    return vector / np.linalg.norm(vector)


def ghz(size):
    vector = np.zeros(2**size, dtype=complex)
    vector[[0, -1]] = 1 / math.sqrt(2)
    return vector


def depolarised(vector, share):
    return (1 - share) * np.outer(vector, vector.conj()) + share * np.eye(len(vector)) / len(vector)


def play_of(cases, states, *, bits=None, sampled=False, combine="mean", **options):
    """Return the play of some cases; `states` are the ideal density matrices of the preparations."""
    size = len(states[0]).bit_length() - 1
    outputs = tuple(Output(PARTIES[q % 4], q // 4) for q in range(size))
    design = choose(cases, states, outputs, density=True, sampled=sampled, **options)
    return CoordinationScoring(
        network="cascade",
        copies=1,
        outputs=outputs,
        cases=design.cases,
        settings=design.settings,
        estimators=design.estimators,
        bits=tuple(bits or range(size)),
        sampled=sampled,
        combine=combine,
        tomography=design.tomography,
        exact=exact_figures(cases, states, density=True, combine=combine),
        notes=design.notes,
    )


def record_of(play, counts, *, readout=None, exact=None, blocks=1):
    """Return the run with these counts: one dictionary a block and setting, in the order of the chunks."""
    plan = [Chunk(i, i // len(play.settings), i % len(play.settings), 0, 0) for i in range(len(counts))]
    width = 1 + max(play.bits)
    snapshot = None
    if readout is not None:
        snapshot = {"qubits": [{"index": 10 + q, "p10": a, "p01": b} for q, (a, b) in enumerate(readout)]}
    circuits = 1 + max(s.preparation for s in play.settings)
    intent = {
        "experiment": {
            "play": play.to_json(),
            "circuits": [{"label": "", "measured": [10 + b for b in range(width)]}] * circuits,
            "settings": [{"circuit": s.preparation, "label": s.basis} for s in play.settings],
        },
        "target": {"snapshot": snapshot, "exact": exact},
    }
    return RunRecord(Path("run"), intent, tuple(plan), dict(enumerate(counts)), sealed=True)


def drawn(rng, play, states, shots, *, readout=None, blocks=1):
    """Draw counts: `shots` a setting, or on average a setting where settings are drawn."""
    counts = []
    size = len(play.bits)
    for _ in range(blocks):
        numbers = [shots] * len(play.settings)
        if play.sampled:
            numbers = rng.multinomial(shots * len(play.settings), [s.share for s in play.settings])
        for setting, n in zip(play.settings, numbers, strict=True):
            p = outcome_distribution(states[setting.preparation], setting.basis)
            for axis, (p10, p01) in enumerate(readout or ()):
                matrix = np.array([[1 - p10, p01], [p10, 1 - p01]])
                p = np.moveaxis(np.tensordot(matrix, p, axes=(1, axis)), 0, axis)
            numbers_of = rng.multinomial(n, p.ravel() / p.sum())
            own = {}
            for outcome, count in zip(itertools.product("01", repeat=size), numbers_of, strict=True):
                if count:
                    text = ["0"] * (1 + max(play.bits))
                    for q, bit in enumerate(outcome):
                        text[play.bits[q]] = bit
                    own["".join(text)] = int(count)
            counts.append(own)
    return counts


def run_of(rng, play, states, shots, **options):
    readout, blocks = options.get("readout"), options.get("blocks", 1)
    counts = drawn(rng, play, states, shots, readout=readout, blocks=blocks)
    return record_of(play, counts, readout=readout, exact=options.get("exact"))


def by_name(record, confidence=0.95):
    return {e.name: e for e in analyse_coordination(record, confidence).estimates}


def one_case(state, size, mixture=((0, 1.0),)):
    return (Target("", 1.0, mixture, state, tuple(range(size))),)


def value_on(play, states, name):
    """Return the mean over cases of an estimator's terms, from exact distributions and plain parities."""
    total = 0.0
    for estimator in (e for e in play.estimators if e.name == name):
        value = estimator.offset
        for term in estimator.terms:
            for weight, settings in term.strata:
                shares = np.array([play.settings[s].share for s in settings])
                for s, share in zip(settings, shares / shares.sum(), strict=True):
                    p = outcome_distribution(
                        states[play.settings[s].preparation], play.settings[s].basis
                    ).ravel()
                    size = len(play.bits)
                    for mask, c in zip(term.masks, term.coefficients, strict=True):
                        inside = [q for q in range(size) if mask >> q & 1]
                        signs = [(-1) ** sum(i >> (size - 1 - q) & 1 for q in inside) for i in range(len(p))]
                        value += weight * share * c * float(p @ signs)
        total += play.cases[estimator.case].probability * value
    return total


# Estimators on exact distributions


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_estimators_are_right_on_exact_distributions(rng, size):
    vector, ideal, noisy = random_vector(rng, size), random_density(rng, size), random_density(rng, size)
    play = play_of(one_case(vector, size), [ideal])
    fidelity = (vector.conj() @ noisy @ vector).real
    assert value_on(play, [noisy], "fidelity_dfe") == pytest.approx(fidelity, abs=1e-9)
    difference = ideal - np.outer(vector, vector.conj())
    values, vectors = np.linalg.eigh(difference)
    witness = (vectors * np.sign(values)) @ vectors.conj().T
    right = np.trace(witness @ (noisy - np.outer(vector, vector.conj()))).real
    assert value_on(play, [noisy], "trace_norm_witness") == pytest.approx(right, abs=1e-7)
    norm = np.abs(np.linalg.eigvalsh(difference)).sum()
    assert value_on(play, [ideal], "trace_norm_witness") == pytest.approx(norm, abs=1e-7)
    assert play.exact["trace_norm_exact"] == pytest.approx(norm, abs=1e-9)


@pytest.mark.parametrize("sampled", [False, True])
def test_cases_and_mixtures_are_weighted(rng, sampled):
    ideal, noisy = ([random_density(rng, 2, 2) for _ in range(3)] for _ in range(2))
    targets = [random_density(rng, 2), random_vector(rng, 2)]
    cases = (
        Target("x=0", 0.3, ((0, 0.25), (2, 0.75)), targets[0], (0, 1)),
        Target("x=1", 0.7, ((0, 0.5), (1, 0.5)), targets[1], (0, 1)),
    )
    play = play_of(cases, ideal, sampled=sampled)
    assert {e.name for e in play.estimators if e.case == 0} == {"trace_norm_witness"}
    assert sum(s.share for s in play.settings) == pytest.approx(1)
    assert len(play.settings) == (36 if sampled else 27)
    right = 0.0
    for case in cases:
        goal = case.state if case.state.ndim == 2 else np.outer(case.state, case.state.conj())
        values, vectors = np.linalg.eigh(sum(w * ideal[k] for k, w in case.mixture) - goal)
        witness = (vectors * np.sign(values)) @ vectors.conj().T
        made = sum(w * noisy[k] for k, w in case.mixture)
        right += case.probability * np.trace(witness @ (made - goal)).real
    assert value_on(play, noisy, "trace_norm_witness") == pytest.approx(right, abs=1e-7)
    found = by_name(run_of(rng, play, noisy, 4000), 0.9999)["trace_norm_witness"]
    assert found.low < right < found.high
    assert found.high - found.low < 0.2
    assert found.theory.value == pytest.approx(play.exact["trace_norm_exact"])


def test_cases_of_disjoint_outputs_share_settings(rng):
    one, two = ghz(2), random_vector(rng, 2)
    both = np.kron(depolarised(one, 0.2), depolarised(two, 0.1))
    cases = (Target("Alice", 1.0, ((0, 1.0),), one, (0, 1)), Target("Bob", 1.0, ((0, 1.0),), two, (2, 3)))
    ideal = np.kron(np.outer(one, one), np.outer(two, two.conj()))
    play = play_of(cases, [ideal], combine="independent")
    assert len(play.settings) == 9
    found = by_name(run_of(rng, play, [both], 3000))
    assert found["fidelity_dfe"].best == pytest.approx(0.85, abs=0.02)
    assert found["fidelity_dfe"].low < 0.85 < found["fidelity_dfe"].high
    assert "cases, of which the worst" in found["fidelity_dfe"].method
    figures = exact_figures(cases, [both], density=True, combine="independent")
    assert figures["fidelity_exact"] == pytest.approx(0.85)
    assert figures["fidelity_exact_all"] == pytest.approx(0.85 * 0.925)


@pytest.mark.slow
def test_estimates_are_unbiased(rng):
    vector = random_vector(rng, 2)
    noisy = random_density(rng, 2)
    play = play_of(one_case(vector, 2), [noisy])
    for name in ("fidelity_dfe", "trace_norm_witness"):
        own = [e for e in play.estimators if e.name == name]
        values = []
        for _ in range(400):
            found = tally(run_of(rng, play, [noisy], 20), play)
            values.append(own[0].offset + sum(s.mean for s in strata(found, own, [1.0])))
        spread = np.std(values) / math.sqrt(len(values))
        assert abs(np.mean(values) - value_on(play, [noisy], name)) < 4 * spread


# Intervals


@pytest.mark.few(0)
@pytest.mark.parametrize(("shots", "sampled"), [(5, False), (60, False), (60, True)])
def test_intervals_cover_at_95_percent(rng, shots, sampled):
    vector = ghz(2)
    states = [depolarised(vector, 0.03), depolarised(vector, 0.1)]
    cases = (Target("", 1.0, ((0, 0.8), (1, 0.2)), vector, (0, 1)),)
    play = play_of(cases, states, sampled=sampled)
    right = {name: value_on(play, states, name) for name in {e.name for e in play.estimators}}
    assert set(right) == {"fidelity_dfe", "fidelity_bound", "trace_norm_witness"}
    missed = dict.fromkeys(right, 0)
    for _ in range(200):
        for name, found in by_name(run_of(rng, play, states, shots)).items():
            assert found.low <= found.best <= found.high
            missed[name] += not found.low <= right[name] <= found.high
    assert max(missed.values()) <= 10


def test_intervals_hold_for_outcomes_that_are_certain(rng):
    vector = ghz(3)
    state = np.outer(vector, vector)
    play = play_of(one_case(vector, 3), [state])
    for shots in (1, 2, 10, 1000):
        found = by_name(run_of(rng, play, [state], shots), 0.9999)
        assert found["fidelity_dfe"].best == pytest.approx(1)
        assert found["fidelity_dfe"].low < 1 == found["fidelity_dfe"].high
        assert found["fidelity_bound"].best == pytest.approx(1)
    assert found["fidelity_dfe"].low > 0.95
    assert found["fidelity_dfe"].verdict == "above"
    assert found["fidelity_dfe"].bound.value == pytest.approx(0.5)


def test_no_shots_give_the_whole_range():
    play = play_of(one_case(ghz(2), 2), [depolarised(ghz(2), 0.2)])
    found = by_name(record_of(play, [{}] * len(play.settings)))
    assert (found["fidelity_dfe"].low, found["fidelity_dfe"].high) == (0, 1)
    assert (found["fidelity_bound"].low, found["fidelity_bound"].high) == (-1, 1)
    assert (found["trace_norm_witness"].low, found["trace_norm_witness"].high) == (-2, 2)
    assert found["fidelity_dfe"].shots == 0


def test_a_basis_without_shots_adds_its_range(rng):
    play = play_of(one_case(ghz(2), 2), [depolarised(ghz(2), 0.0)], tomography=False)
    counts = drawn(rng, play, [depolarised(ghz(2), 0.0)], 100_000)
    place = next(i for i, s in enumerate(play.settings) if s.basis == "YY")
    counts[place] = {}
    found = by_name(record_of(play, counts))["fidelity_dfe"]
    assert found.low < 0.51
    assert found.best == pytest.approx(0.75, abs=0.01)
    assert found.high == 1


def test_drawn_limits_solve_their_equation():
    for low, high in ((0.9, 0.95), (0.99, 1.01), (0.2, 0.3)):
        least, _, most = drawn_limits(low, (low + high) / 2, high, 0.3)
        assert least == pytest.approx(low - 0.3 * math.sqrt(1 - least))
        if most < 1:
            assert most == pytest.approx(high + 0.3 * math.sqrt(1 - most))


def test_strings_drawn_at_random(rng):
    """Over the draw of strings the estimate is right on average, and its interval holds the fidelity."""
    vector, other = random_vector(rng, 4), random_density(rng, 4, 1)
    noisy = 0.85 * np.outer(vector, vector.conj()) + 0.15 * other
    right = (vector.conj() @ noisy @ vector).real
    values = []
    for seed in range(40):
        play = play_of(one_case(vector, 4), [np.outer(vector, vector.conj())], limit=20, seed=seed)
        (own,) = play.estimators
        assert (own.name, own.draws) == ("fidelity_dfe", 150)
        assert own.ideal == pytest.approx(1)
        values.append(value_on(play, [noisy], "fidelity_dfe"))
    assert abs(np.mean(values) - right) < 4 * np.std(values) / math.sqrt(len(values))
    assert np.std(values) < math.sqrt(2 * (1 - right) / 150)
    found = by_name(run_of(rng, play, [noisy], 500), 0.9999)["fidelity_dfe"]
    assert found.low < right < found.high
    assert "drawn" in found.method
    assert any("drawn at random" in note for note in play.notes)


# Readout, exact figures, checks


def test_readout_is_divided_out(rng):
    vector, readout = ghz(3), [(0.02, 0.05), (0.01, 0.0), (0.03, 0.08)]
    state = depolarised(vector, 0.1)
    play = play_of(one_case(vector, 3), [state], bits=(2, 0, 1))
    moved = [readout[b] for b in play.bits]  # of each output, from that of each bit
    counts = drawn(rng, play, [state], 4000, readout=moved)
    found = by_name(record_of(play, counts, readout=readout), 0.9999)
    right = (vector @ state @ vector).real
    assert found["fidelity_dfe"].high < right
    mitigated = found["fidelity_dfe_mitigated"]
    assert mitigated.low < right < mitigated.high
    assert mitigated.best == pytest.approx(right, abs=0.015)
    assert {"fidelity_bound_mitigated", "trace_norm_witness_mitigated"} <= set(found)
    still = record_of(play, counts, readout=readout)
    still.intent["experiment"]["feed_forward"] = True
    assert not any("mitigated" in name for name in by_name(still))
    assert not any("mitigated" in name for name in by_name(record_of(play, counts, readout=[(0, 0)] * 3)))


def test_exact_figures_of_the_target_come_first(rng):
    play = play_of(one_case(ghz(2), 2), [depolarised(ghz(2), 0.0)])
    exact = {"trace_norm_exact": 0.1, "fidelity_exact": 0.95}
    record = run_of(rng, play, [depolarised(ghz(2), 0.05)], 100, exact=exact)
    first, second, *_ = analyse_coordination(record).estimates
    assert (first.name, first.low, first.best, first.high) == ("trace_norm_exact", 0.1, 0.1, 0.1)
    assert first.theory.value == pytest.approx(0, abs=1e-9)
    assert (second.name, second.theory.value) == ("fidelity_exact", pytest.approx(1))
    assert second.verdict == "above"


def test_the_table_of_cases(rng):
    states = [np.outer(v, v.conj()) for v in (random_vector(rng, 1), random_vector(rng, 1))]
    cases = tuple(Target(f"x={k}", 0.5, ((k, 1.0),), states[k], (0,)) for k in range(2))
    play = play_of(cases, states)
    analysis = analyse_coordination(run_of(rng, play, states, 500))
    assert [(row["label"], row["estimate"]) for row in analysis.rows if "dfe" in row["estimate"]] == [
        ("x=0", "fidelity_dfe"),
        ("x=1", "fidelity_dfe"),
    ]
    assert all(row["low"] <= 1 <= row["high"] + 1e-9 and row["shots"] == 1500 for row in analysis.rows[:2])


def test_counts_are_tallied_as_one_by_one(rng):
    """Chunks of one block and setting add up, bits are read in their places, and no setting is left out."""
    words = [f"{k:04b}" for k in range(16)]
    chunks = [Chunk(k, int(rng.integers(3)), int(rng.integers(4)), 1) for k in range(30)]
    counts = {
        k: {w: int(rng.integers(1, 9)) for w in rng.permutation(words)[: rng.integers(1, 6)].tolist()}
        for k in range(27)  # some are not counted yet
    }
    play = SimpleNamespace(bits=(3, 0, 2), settings=range(5))
    intent = {"experiment": {}, "target": {"snapshot": None}}
    found = tally(RunRecord(Path(), intent, tuple(chunks), counts, False), play)
    for setting in range(5):
        seen = {}
        for chunk in chunks:
            for word, shots in counts.get(chunk.id, {}).items() if chunk.setting == setting else ():
                outcome = int(word[3]) + 2 * int(word[0]) + 4 * int(word[2])
                seen.setdefault(outcome, [0, 0, 0])[chunk.block] += shots
        assert found.outcomes[setting].tolist() == sorted(seen)
        assert found.counts[setting].T.tolist() == [seen[outcome] for outcome in sorted(seen)]


def test_drift_is_seen(rng):
    play = play_of(one_case(ghz(2), 2), [depolarised(ghz(2), 0.0)])
    still = run_of(rng, play, [depolarised(ghz(2), 0.1)], 500, blocks=3)
    assert analyse_coordination(still).checks["drift"]["p_value"] > 1e-3
    counts = [c for share in (0.0, 0.2) for c in drawn(rng, play, [depolarised(ghz(2), share)], 500)]
    assert analyse_coordination(record_of(play, counts)).checks["drift"]["p_value"] < 1e-6


@pytest.mark.parametrize("sampled", [False, True])
def test_tomography_stands_beside_its_null(rng, sampled):
    """Without error the plug-in distance is far from zero, as its null is; with errors it is beyond."""
    states = [np.diag([1.0, 0, 0, 0]).astype(complex), np.diag([0, 0, 0, 1.0]).astype(complex)]
    cases = (Target("", 1.0, ((0, 0.5), (1, 0.5)), (states[0] + states[1]) / 2, (0, 1)),)
    play = play_of(cases, states, sampled=sampled)
    assert [(e.name, e.ideal) for e in play.estimators] == [("trace_norm_witness", pytest.approx(0))]
    assert any("that of white noise" in note for note in play.notes)
    check = analyse_coordination(run_of(rng, play, states, 500)).checks["tomography"]
    assert 0.02 < check["null_mean"] < check["null_95"] < 0.2
    assert check["ideal"] == pytest.approx(0, abs=1e-9)
    assert check["p_value"] > 0.005
    assert abs(check["value"] - check["null_mean"]) < 0.1
    noisy = [0.7 * s + 0.3 * np.full((4, 4), 0.25) for s in states]
    worse = analyse_coordination(run_of(rng, play, noisy, 500)).checks["tomography"]
    assert worse["value"] > worse["null_95"]
    assert worse["p_value"] == pytest.approx(1 / 201)
    assert "tomography" not in analyse_coordination(record_of(play, [{}] * len(play.settings))).checks


def test_confidence_is_checked(rng):
    play = play_of(one_case(ghz(2), 2), [depolarised(ghz(2), 0.0)])
    with pytest.raises(InputError, match="confidence"):
        analyse_coordination(record_of(play, [{}] * len(play.settings)), 1.0)


def test_an_ideal_simulation_has_no_drift_however_many_outcomes_there_are(tmp_path):
    """Outcomes that were seen once are pooled in an order of their own, not block by block."""
    seen = [
        qc.run("mac-n2", shots=200, seed=seed, runs=tmp_path).checks["drift"]["p_value"]
        for seed in range(3, 7)
    ]
    assert min(seen) > 0.005
