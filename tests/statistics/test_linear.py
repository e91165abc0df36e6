"""The analysis of a linear computation: planted errors against plain loops, coverage, and checks."""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from qcoord_hw.errors import InputError
from qcoord_hw.families.linear_computation.analysis import analyse_linear
from qcoord_hw.families.linear_computation.error_entropy import ErrorCounts, survival
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.theory.linear_computation.task import task_from_json

EXAMPLE_1 = {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [1]], "D": [[1], [1]]}
MODULI = {4: [1, 1, 1], 9: [1, 2, 2]}
BASELINES = {"quantum": (0.8, "a test"), "classical": (0.5, "a test")}


def play_of(rng, order, inputs, servers=None, qudits=5, scatter=True):
    """Return a play whose digits are measured in scattered bits and decoded by a random matrix."""
    servers = servers or EXAMPLE_1
    data = {"name": "t", "field": order, "servers": servers}
    task = task_from_json(data | ({"irreducible_poly": MODULI[order]} if order in MODULI else {}))
    p, r = task.field.characteristic, task.field.degree
    size, count = (p - 1).bit_length(), qudits * r
    where = (rng.permutation(size * count) if scatter else np.arange(size * count)).tolist()
    width = sum(task.sizes)
    return LinearScoring(
        task=task,
        qudits=qudits,
        bits=tuple(tuple(where[size * k : size * (k + 1)]) for k in range(count)),
        decoder=rng.integers(0, p, (2 * task.rows * r, count)),
        inputs=inputs if isinstance(inputs, np.ndarray) else rng.integers(0, order, (inputs, 2, width)),
        baselines=BASELINES,
    )


def record_of(play, counts, spots=()):
    """Return the run with these (block, setting) -> counts; `spots` are the inputs of further settings."""
    plan = [Chunk(k, block, s, sum(c.values()), 0) for k, ((block, s), c) in enumerate(counts.items())]
    inputs = [*range(len(play.inputs)), *spots]
    method = "derived:frame" if spots else "direct"
    settings = [
        {"label": str(k), "circuit": 0, "values": [], "input": i, "method": method if k == i else "direct"}
        for k, i in enumerate(inputs)
    ]
    intent = {"experiment": {"play": play.to_json(), "settings": settings}}
    return RunRecord(Path("run"), intent, tuple(plan), dict(enumerate(counts.values())), sealed=True)


def drawn(rng, play, shots, settings=None, blocks=1, outcomes=40):
    """Return random counts over a few random outcomes, each setting its own."""
    width = sum(map(len, play.bits))
    found = {}
    for block, setting in itertools.product(range(blocks), range(settings or len(play.inputs))):
        keys = rng.integers(0, 2, (outcomes, width))
        weights = rng.dirichlet(np.full(outcomes, 0.3))
        counts: Counter[str] = Counter()
        for key, n in zip(keys, rng.multinomial(shots, weights), strict=True):
            if n:
                counts["".join(map(str, key))] += int(n)
        found[block, setting] = dict(counts)
    return found


def estimates(record, confidence=0.95):
    return {e.name: e for e in analyse_linear(record, confidence).estimates}


def error_entropy(counts, confidence):
    kept = survival(counts.without_leaked(), confidence)
    return counts.symbols - kept.high, counts.symbols - kept.best, counts.symbols - kept.low


# Plain arithmetic, sharing nothing with the package


def polynomial(symbol, p, r):
    return [symbol // p**k % p for k in range(r)]


def times(a, b, p, modulus):
    """Multiply symbols as polynomials modulo `modulus` (highest coefficient first)."""
    r = len(modulus) - 1
    low = modulus[::-1]
    product = [0] * (2 * r)
    for i, x in enumerate(polynomial(a, p, r)):
        for j, y in enumerate(polynomial(b, p, r)):
            product[i + j] += x * y
    for k in range(2 * r - 1, r - 1, -1):
        for j in range(r + 1):
            product[k - r + j] -= (product[k] if j < r else 0) * low[j]
    return sum((product[k] % p) * p**k for k in range(r))


def plus(a, b, p, sign=1):
    total, k = 0, 0
    while a or b:
        total += (a % p + sign * (b % p)) % p * p**k
        a, b, k = a // p, b // p, k + 1
    return total


def by_hand(play, counts):
    """Score counts with plain loops: Counter of errors, right shots of each output, leaked, votes."""
    p, r = play.task.field.characteristic, play.task.field.degree
    modulus = list(play.task.field.irreducible_poly) if r > 1 else None
    v, rows = play.task.matrix.tolist(), play.task.rows

    def multiply(a, b):
        return a * b % p if modulus is None else times(a, b, p, modulus)

    expected = []
    for pair in play.inputs.tolist():
        y = []
        for w in pair:
            for row in v:
                total = 0
                for a, b in zip(row, w, strict=True):
                    total = plus(total, multiply(a, b), p)
                y.append(total)
        expected.append(y)
    errors, right, leaked, votes, good, asked = Counter(), Counter(), 0, {}, Counter(), Counter()
    for (_, setting), outcomes in counts.items():
        for outcome, n in outcomes.items():
            asked[setting] += n
            digits = [sum(int(outcome[b]) << i for i, b in enumerate(digit)) for digit in play.bits]
            if any(digit >= p for digit in digits):
                leaked += n
                continue
            values = [
                sum(a * b for a, b in zip(row, digits, strict=True)) % p for row in play.decoder.tolist()
            ]
            y = [sum(values[j * r + k] * p**k for k in range(r)) for j in range(2 * rows)]
            error = tuple(plus(a, b, p, -1) for a, b in zip(y, expected[setting], strict=True))
            errors[error] += n
            good[setting] += n * (not any(error))
            votes.setdefault(setting, Counter())[tuple(y)] += n
            for j, e in enumerate(error):
                right[j] += n * (e == 0)
    return expected, errors, right, leaked, votes, good, asked


@pytest.mark.parametrize("order", [2, 3, 4, 5, 9])
def test_every_figure_against_plain_loops(rng, order):
    play = play_of(rng, order, 6)
    counts = drawn(rng, play, 300, blocks=2)
    if order in (3, 5, 9):  # random bits of ten digits nearly always leak: keep most of them within 0..p-1
        counts = {key: {"".join(_tamed(play, k, rng)): n for k, n in c.items()} for key, c in counts.items()}
    for c in counts.values():  # and plant right answers, so that every figure is far from trivial
        c |= {k: n + 40 for k, n in itertools.islice(c.items(), 3)}
    analysis = analyse_linear(record_of(play, counts))
    found = {e.name: e for e in analysis.estimates}
    expected, errors, right, leaked, votes, good, asked = by_hand(play, counts)
    shots, kept = sum(asked.values()), sum(errors.values())
    whole = errors[0, 0, 0, 0]
    interval = stats.binomtest(whole, shots).proportion_ci(0.95, "exact")
    success = found["success_probability"]
    assert (success.low, success.best, success.high) == pytest.approx(
        (interval.low, whole / shots, interval.high), abs=1e-12
    )
    assert success.bound.value == pytest.approx(order**-4.0)
    assert found["leakage"].best == pytest.approx(leaked / shots)
    entropy = -sum(n / kept * math.log(n / kept) for n in errors.values())
    entropy = min((entropy + (len(errors) - 1) / (2 * kept)) / math.log(order), 4)
    assert found["error_entropy"].best == pytest.approx(entropy)
    rate = found["surviving_rate"]
    assert rate.best == pytest.approx((1 - leaked / shots) * (4 - entropy) / 5)
    assert rate.low <= rate.best <= rate.high
    assert (rate.theory.value, rate.bound.value) == (0.8, 0.5)
    for j, name in enumerate(("success_y1[0]", "success_y1[1]", "success_y2[0]", "success_y2[1]")):
        assert found[name].best == pytest.approx(right[j] / shots)
    assert ("success_postselected" in found) == (order % 2 == 1)
    if order % 2:
        assert found["success_postselected"].best == pytest.approx(whole / kept)
        assert found["success_postselected"].shots == kept
    for k, row in enumerate(analysis.rows):
        assert [row["w1"], row["w2"]] == play.inputs[k].tolist()
        assert row["expected_y1"] + row["expected_y2"] == expected[k]
        most = max(votes[k].values())
        assert tuple(row["y1"] + row["y2"]) == min(y for y, n in votes[k].items() if n == most)
        assert row["success"] == pytest.approx(good[k] / asked[k])


def _tamed(play, outcome, rng):
    """Return an outcome whose digits mostly read less than p."""
    bits = list(outcome)
    for digit in play.bits:
        if sum(int(bits[b]) << i for i, b in enumerate(digit)) >= play.task.field.characteristic:
            if rng.random() < 0.9:
                bits[digit[-1]] = "0"
    return bits


def test_order_of_the_estimates_and_what_they_carry(rng):
    play = play_of(rng, 3, 4)
    found = analyse_linear(record_of(play, drawn(rng, play, 100)), 0.9).estimates
    names = ["success_probability", "surviving_rate", "leakage", "success_postselected"]
    names += ["success_y1[0]", "success_y1[1]", "success_y2[0]", "success_y2[1]", "error_entropy"]
    assert [e.name for e in found] == names
    assert {e.confidence for e in found} == {0.9}
    assert all(e.assumes and e.method and e.theory for e in found)
    (leakage,) = (e for e in estimates(record_of(*_bits(rng))).values() if e.name == "leakage")
    assert (leakage.low, leakage.best, leakage.high) == (0, 0, 0)
    assert "exact" in leakage.method


def _bits(rng):
    play = play_of(rng, 2, 3)
    return play, drawn(rng, play, 50)


@pytest.mark.parametrize("confidence", [0.0, 1.0, True, "0.9"])
def test_wrong_confidence_is_refused(rng, confidence):
    with pytest.raises(InputError, match="^confidence:"):
        analyse_linear(record_of(*_bits(rng)), confidence)


# The rate that survives


def truth(p, leak, order, symbols):
    p = p[p > 0]
    return (1 - leak) * (symbols + float((p * np.log(p)).sum()) / math.log(order))


def shapes(rng, cells):
    few = np.zeros(cells)
    few[: min(8, cells)] = 1
    return {"flat": np.ones(cells), "steep": 0.9 ** np.arange(cells), "few": few}


@pytest.mark.few(6)
@pytest.mark.parametrize(("order", "symbols"), [(2, 2), (3, 4), (4, 4), (4, 6)])
@pytest.mark.parametrize("shots", [20, 200, 3000])
@pytest.mark.parametrize(("right", "leak"), [(0.35, 0.2), (0.7, 0.0), (0.97, 0.01), (0.999, 0.0)])
def test_surviving_rate_covers_and_is_never_flattered(rng, order, symbols, shots, right, leak):
    """Also where most of the d^t errors were never seen: each end misses at most at its nominal rate."""
    runs = 200
    for weights in shapes(rng, order**symbols - 1).values():
        p = np.array([right, *(1 - right) * weights / weights.sum()])
        rate = truth(p, leak, order, symbols)
        below = above = claims = 0
        for counted in rng.multinomial(shots, [leak, *(1 - leak) * p], size=runs):
            wrong = counted[2:][counted[2:] > 0]
            found = survival(ErrorCounts(int(counted[1]), wrong, int(counted[0]), order, symbols), 0.95)
            below += found.high < rate - 1e-12
            above += found.low > rate + 1e-12
            claims += found.p_value(rate) <= 0.025
        most = runs * 0.025 + 4 * math.sqrt(runs * 0.025 * 0.975)
        assert max(below, above, claims) <= most
        assert claims >= above  # a verdict `above` comes with a small p-value


def test_surviving_rate_is_tight_with_many_shots(rng):
    """A million shots in 256 cells: nominal coverage, and no room given away to the largest bias."""
    p = np.array([0.69, *0.31 * rng.dirichlet(np.full(255, 0.3))])
    rate, shots, runs = truth(p, 0.0, 4, 4), 10**6, 300
    spread = float((p * np.log(p) ** 2).sum() - (p * np.log(p)).sum() ** 2)
    inside = []
    for counted in rng.multinomial(shots, p, size=runs):
        found = survival(ErrorCounts(int(counted[0]), counted[1:][counted[1:] > 0], 0, 4, 4), 0.95)
        inside.append(found.low <= rate <= found.high)
        width = 2 * 1.96 * math.sqrt(spread / shots) / math.log(4)
        assert width < found.high - found.low < 1.2 * width
    assert np.mean(inside) >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)


def test_fixed_inputs_of_different_errors_are_covered(rng):
    """Strata: every input has its own error distribution; the pooled entropy is what is estimated."""
    per = rng.dirichlet(np.array([3.0, *np.full(15, 0.05)]), 12)
    rate = truth(per.mean(axis=0), 0.0, 2, 4)
    inside = []
    for _ in range(400):
        counted = sum(rng.multinomial(50, p) for p in per)
        found = survival(ErrorCounts(int(counted[0]), counted[1:][counted[1:] > 0], 0, 2, 4), 0.95)
        inside.append(found.low <= rate <= found.high)
    assert np.mean(inside) >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 400)


def test_without_errors_the_interval_is_no_point():
    counts = ErrorCounts(1000, np.zeros(0, dtype=np.int64), 0, 4, 4)
    found = survival(counts, 0.95)
    assert found.best == found.high == 4
    unlucky = 3.7e-3  # upper Clopper-Pearson limit of the share of wrong shots, spread over all errors
    entropy = -(1 - unlucky) * math.log(1 - unlucky) - unlucky * math.log(unlucky / 255)
    assert 3.9 < found.low <= 4 - entropy / math.log(4)
    assert error_entropy(counts, 0.95)[:2] == (0, 0)


def test_no_shots_give_the_whole_range():
    nothing = np.zeros(0, dtype=np.int64)
    found = survival(ErrorCounts(0, nothing, 0, 3, 4), 0.95)
    assert (found.low, found.best, found.high) == (0, 0, 4)
    assert found.p_value(0.1) == 1
    everything_leaked = ErrorCounts(0, nothing, 500, 3, 4)
    found = survival(everything_leaked, 0.95)
    assert found.low == found.best == 0
    assert 4 * 3.7 / 500 < found.high < 0.2
    assert error_entropy(everything_leaked, 0.95) == (0, 4, 4)


def test_huge_spaces_of_errors_do_not_overflow():
    found = survival(ErrorCounts(900, np.ones(100, dtype=np.int64), 0, 64, 400), 0.95)
    fano = 400 * 0.9  # if errors are spread over all 64^400
    assert 0.93 * fano < found.low < fano


def test_verdicts_follow_the_interval(rng):
    for right, verdict in ((0.99, "above"), (0.1, "below")):
        play = play_of(rng, 4, np.zeros((1, 2, 4), dtype=np.int64))  # whose expected output is 0
        keys = ["".join(bits) for bits in itertools.product("01", repeat=10)]
        p = np.full(1024, (1 - right) / 1023)
        p[0] = right
        counts = {k: int(n) for k, n in zip(keys, rng.multinomial(20_000, p), strict=True) if n}
        rate = estimates(record_of(play, {(0, 0): counts}))["surviving_rate"]
        assert rate.verdict == verdict
        assert (rate.p_value < 1e-3) == (verdict == "above")


def test_rows_that_depend_on_others_tell_nothing(rng):
    """y[1] = y[0]: guessing is d^-2, and two dits survive at most."""
    twice = {"A": [[1], [1]], "B": [[1], [1]]}
    play = play_of(rng, 3, np.zeros((1, 2, 2), dtype=np.int64), servers=twice, qudits=2)
    found = estimates(record_of(play, {(0, 0): {"0000": 1000}}))
    assert found["success_probability"].bound.value == pytest.approx(1 / 9)
    assert found["surviving_rate"].best == found["surviving_rate"].high == 1
    assert found["success_y1[1]"].best == 1


# Outputs


def test_ties_go_to_the_smallest_and_leaked_shots_do_not_vote(rng):
    task = {"A": [[1]], "B": [[1]]}
    play = play_of(rng, 3, np.array([[[1, 1], [0, 1]]] * 3), servers=task, qudits=2, scatter=False)
    play = LinearScoring(
        play.task, 2, play.bits, np.array([[1, 0], [0, 1]]), play.inputs, play.baselines
    )  # expected (2, 1); digits read least significant bit first: "10" is 1, "01" is 2, "11" leaks
    counts = {
        (0, 0): {"0110": 4, "1000": 4, "0010": 4, "1111": 90},
        (0, 1): {"1111": 5, "0011": 7},
        (0, 2): {"0110": 3, "1111": 1},
    }
    first, lost, last = analyse_linear(record_of(play, counts)).rows
    assert (first["y1"], first["y2"]) == ([0], [1])
    assert first["success"] == pytest.approx(4 / 102)
    assert (lost["y1"], lost["y2"], lost["success"]) == (None, None, 0.0)
    assert (last["y1"], last["y2"]) == (last["expected_y1"], last["expected_y2"]) == ([2], [1])
    assert last["success"] == 0.75


# Checks


def test_one_block_has_no_drift_and_no_spots_no_frame_check(rng):
    checks = analyse_linear(record_of(*_bits(rng))).checks
    assert checks == {"drift": None}


def flat(rng, shots, tilt=0.0):
    p = np.array([0.5 - tilt, 0.2 + tilt, *np.full(1022, 0.3 / 1022)])
    found = rng.multinomial(shots, p)
    return {format(k, "010b"): int(found[k]) for k in np.flatnonzero(found)}


def test_drift_is_found_and_not_invented(rng):
    play = play_of(rng, 4, 5)
    p = []
    for _ in range(40):
        counts = {(b, s): flat(rng, 60) for b in range(4) for s in range(5)}
        p.append(analyse_linear(record_of(play, counts)).checks["drift"]["p_value"])
    assert 0.25 < np.mean(p) < 0.9  # conservative at most: inputs are fixed strata
    counts = {(b, s): flat(rng, 60, 0.1 * b) for b in range(4) for s in range(5)}
    assert analyse_linear(record_of(play, counts)).checks["drift"]["p_value"] < 1e-3


@pytest.mark.slow
def test_frame_check_is_of_the_right_size_and_finds_a_difference(rng):
    """Hundreds of outcomes that came once or twice: pooling must favour neither row."""
    play = play_of(rng, 4, 6)
    p = []
    for _ in range(200):
        counts = {(0, s): flat(rng, 500) for s in range(8)}
        p.append(analyse_linear(record_of(play, counts, spots=(4, 1))).checks["frame"]["p_value"])
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    counts = {(0, s): flat(rng, 500, 0.15 * (s == 7)) for s in range(8)}
    check = analyse_linear(record_of(play, counts, spots=(4, 1))).checks["frame"]
    assert check["p_value"] < 1e-4
    assert check["inputs"] == [1, 4]
    histograms = [counts[0, 1], counts[0, 7]]
    keys = set(histograms[0]) | set(histograms[1])
    tv = sum(abs(histograms[0].get(k, 0) - histograms[1].get(k, 0)) for k in keys) / 1000
    assert check["total_variation"] == pytest.approx(tv)


def test_spot_checks_are_no_part_of_the_estimates(rng):
    play = play_of(rng, 4, 6)
    counts = drawn(rng, play, 200)
    spots = counts | {(0, 6): flat(rng, 900)}
    without, beside = (analyse_linear(r) for r in (record_of(play, counts), record_of(play, spots, (2,))))
    assert without.estimates == beside.estimates
    assert without.rows == beside.rows
    assert set(beside.checks) == {"drift", "frame"}


@pytest.mark.slow
def test_a_thousand_inputs_take_about_a_second(rng):
    play = play_of(rng, 4, 1000)
    keys = [format(k, "010b") for k in range(1024)]
    weights = rng.integers(1, 5, 1024).tolist()
    counts = {
        (0, s): {keys[(7 * s + k) % 1024]: weights[k] for k in range(600)} for s in range(len(play.inputs))
    }
    record = record_of(play, counts)
    start = time.process_time()
    analyse_linear(record)
    assert time.process_time() - start < 5  # 0.6 s where this was written
