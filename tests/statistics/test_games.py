"""The analysis of a game run: decoding, intervals, p-values and checks, on drawn counts of known truth."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from qcoord_hw.errors import InputError
from qcoord_hw.families.games import analysis as games
from qcoord_hw.families.games.analysis import analyse_game
from qcoord_hw.families.games.scoring import LinearFigure
from qcoord_hw.statistics.stratified import sum_tail
from qcoord_hw.theory.games import Game, chsh, ghz, magic_square
from qcoord_hw.theory.value import Value

QUANTUM = (2 + math.sqrt(2)) / 4


def estimates(record, confidence=0.95):
    return {e.name: e for e in analyse_game(record, confidence).estimates}


def close_to_nominal(inside: Sequence[bool] | np.ndarray, nominal: float, slack: float = 0.0) -> None:
    """Assert that a Monte Carlo frequency is nominal within four standard errors (plus slack upwards)."""
    reach = 4 * math.sqrt(nominal * (1 - nominal) / len(inside))
    assert nominal - reach <= np.mean(inside) <= nominal + reach + slack


# Decoding


def test_counts_are_decoded_wherever_the_bits_stand(rng, play_of, make_record):
    """Against a plain loop over outcome strings, with the answers' bits scattered over the outcome."""
    order = rng.permutation(8).tolist()
    answers = [[order[0:2], order[2:4]], [order[4:6], order[6:8]]]
    play = play_of(magic_square(), 8 / 9, rounds=2, answers=answers)
    tables = rng.dirichlet(np.full(256, 0.2), 9)
    record = make_record(play, lambda circuit, block: tables[circuit], shots=40, blocks=3)
    wins: dict[tuple[int, int], int] = {}
    for chunk in record.plan:
        for outcome, n in record.counts[chunk.id].items():
            for r in range(2):
                b, c = (int("".join(outcome[i] for i in bits), 2) for bits in answers[r])
                x, y = play.questions[chunk.setting][r]
                row, column = (
                    (b >> 1, b & 1, (b >> 1) ^ (b & 1)),
                    (c >> 1, c & 1, (c >> 1) ^ (c & 1) ^ (y == 2)),
                )
                wins[chunk.setting, r] = wins.get((chunk.setting, r), 0) + n * (row[y] == column[x])
    rows = analyse_game(record).rows
    assert len(rows) == 18
    for row in rows:
        circuit = row["circuit"]
        assert row["wins"] == wins[circuit, row["round"]]
        assert row["shots"] == 120
        assert tuple(row["question"]) == play.questions[circuit][row["round"]]
        interval = stats.binomtest(row["wins"], 120).proportion_ci(0.95, "exact")
        assert (row["low"], row["best"], row["high"]) == pytest.approx(
            (interval.low, row["wins"] / 120, interval.high)
        )


# One round, equal weights


def test_win_probability_is_the_exact_interval_on_all_wins(play_of, make_record, joint):
    figure = LinearFigure("s", 8, -4, Value(2.8, "exact", "t"), Value(2.0, "exact", "b"))
    play = play_of(chsh(), 0.75, figures=[figure])
    record = make_record(play, joint(play, QUANTUM), shots=50, blocks=5)
    found = estimates(record, 0.9)
    wins = sum(row["wins"] for row in analyse_game(record).rows)
    w = found["win_probability"]
    interval = stats.binomtest(wins, 1000).proportion_ci(0.9, "exact")
    assert (w.low, w.best, w.high) == pytest.approx((interval.low, wins / 1000, interval.high))
    assert w.p_value == pytest.approx(stats.binom.sf(wins - 1, 1000, 0.75), rel=1e-8)
    assert (w.shots, w.confidence, w.bound) == (1000, 0.9, play.bound)
    s = found["s"]
    assert (s.low, s.best, s.high) == pytest.approx((8 * w.low - 4, 8 * w.best - 4, 8 * w.high - 4))
    assert (s.p_value, s.bound, s.theory) == (w.p_value, figure.bound, figure.theory)
    assert "win_probability_min_round" not in found
    assert "win_probability_mitigated" not in found
    assert "i.i.d." in w.assumes  # settings are fixed in advance


def test_no_more_wins_than_the_bound_is_no_evidence(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    for win in (0.0, 0.3, 0.7):
        w = estimates(make_record(play, joint(play, win), shots=100))["win_probability"]
        assert w.p_value == 1.0
        assert w.verdict == "below" if win < 0.7 else w.verdict in ("below", "inconclusive")


def test_interval_covers_and_p_value_is_conservative_when_questions_differ(play_of, make_record):
    """A local model that wins three questions and loses one, at random: cells of unequal probability."""
    play = play_of(chsh(), 0.75)
    wins = np.array([1.0, 0.9, 0.6, 0.5])  # mean 3/4

    def behaviour(circuit, block):
        won = play.game.win[play.questions[circuit][0]].astype(bool)
        return np.where(won, wins[circuit] / 2, (1 - wins[circuit]) / 2)

    inside, p = [], []
    for _ in range(600):
        w = estimates(make_record(play, behaviour, shots=40))["win_probability"]
        inside.append(w.low <= 0.75 <= w.high)
        p.append(w.p_value)
    assert np.mean(inside) >= 0.95  # conservative: the sum varies less than a binomial
    assert np.mean(np.array(p) <= 0.05) <= 0.05
    assert np.mean(np.array(p) <= 0.01) <= 0.01


@pytest.mark.parametrize("confidence", [0.0, 1.0, 2.0, True, "0.9", float("nan")])
def test_wrong_confidence_is_refused(confidence, play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    with pytest.raises(InputError, match="^confidence:"):
        analyse_game(make_record(play, joint(play, 0.8)), confidence)


def test_higher_confidence_gives_a_wider_interval(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    record = make_record(play, joint(play, 0.8))
    widths = [estimates(record, c)["win_probability"] for c in (0.5, 0.9, 0.99)]
    assert np.all(np.diff([w.high - w.low for w in widths]) > 0)
    assert len({w.best for w in widths}) == 1


# Unequal weights


def unbalanced() -> Game:
    prob = np.array([[Fraction(1, 2), Fraction(1, 4)], [Fraction(1, 8), Fraction(1, 8)]], dtype=object)
    return Game("unbalanced", prob, chsh().win.copy())


@pytest.mark.slow
def test_unbalanced_game_interval_covers_and_p_value_is_conservative(play_of, make_record):
    """The best local models lose one of the two questions of weight 1/8; mixed evenly, w = 7/8 exactly."""
    play = play_of(unbalanced(), 7 / 8)
    wins = [1.0, 1.0, 0.5, 0.5]
    assert sum(float(play.game.prob[q[0]]) * w for q, w in zip(play.questions, wins, strict=True)) == 7 / 8

    def behaviour(circuit, block):
        won = play.game.win[play.questions[circuit][0]].astype(bool)
        return np.where(won, wins[circuit] / 2, (1 - wins[circuit]) / 2)

    inside, p = [], []
    for _ in range(600):
        w = estimates(make_record(play, behaviour, shots=30))["win_probability"]
        inside.append(w.low <= 7 / 8 <= w.high)
        p.append(w.p_value)
    assert np.mean(inside) >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / 600)
    for alpha in (0.3, 0.05, 0.01):
        assert np.mean(np.array(p) <= alpha) <= alpha


def test_unbalanced_estimate_is_the_weighted_mean_and_can_win(play_of, make_record, joint):
    play = play_of(unbalanced(), 7 / 8)
    record = make_record(play, joint(play, 0.95), shots=2000)
    w = estimates(record)["win_probability"]
    rows = {tuple(r["question"]): r["wins"] / r["shots"] for r in analyse_game(record).rows}
    expected = rows[0, 0] / 2 + rows[0, 1] / 4 + rows[1, 0] / 8 + rows[1, 1] / 8
    assert w.best == pytest.approx(expected)
    assert w.low < expected < w.high
    assert w.verdict == "above"
    assert w.p_value < 1e-6


def test_unbalanced_interval_is_that_of_the_same_game_with_scores(play_of, make_record, joint):
    """There is one rule for all games; the p-value is never worse than Hoeffding's inequality."""
    game = unbalanced()
    play, scored = play_of(game, 7 / 8), play_of(Game("scored", game.prob, score=game.win.tolist()), 7 / 8)
    record = make_record(play, joint(play, 0.93), shots=150)
    experiment = record.intent["experiment"] | {"play": scored.to_json()}
    w = estimates(record, 0.9)["win_probability"]
    m = estimates(replace(record, intent=record.intent | {"experiment": experiment}), 0.9)["mean_score"]
    assert (w.low, w.best, w.high, w.p_value) == (m.low, m.best, m.high, m.p_value)
    assert m.method.startswith(w.method)
    weight = {(0, 0): 0.5, (0, 1): 0.25, (1, 0): 0.125, (1, 1): 0.125}
    rows = [(weight[tuple(r["question"])], r["wins"]) for r in analyse_game(record).rows]
    excess = sum(p * k / 150 for p, k in rows) - 7 / 8
    assert excess > 0
    # a shot of question q moves the weighted mean by at most p(q) / 150
    assert 0 < w.p_value <= math.exp(-2 * excess**2 / sum(150 * (p / 150) ** 2 for p, _ in rows))


def weighted_games():
    """Return name -> (weights, win probabilities): skewed, near 1, near 1/2, few questions and many."""
    rng = np.random.default_rng(20261129)
    many = {m: rng.exponential(size=m) for m in (25, 64, 100)}
    found = {
        "skewed": ([4, 3, 2, 1], [0.853] * 4),
        "very skewed": ([17, 1, 1, 1], [0.99, 0.5, 0.6, 0.7]),
        "one heavy near 1": ([9, 1], [0.995, 0.5]),
        "two at 1/2": ([7, 3], [0.5] * 2),
        "nine near 1": (range(1, 10), [0.99] * 9),
        "always one of three": ([3, 1, 1], [0.5, 1.0, 1.0]),
        "near 0": ([6, 3, 1], [0.01, 0.02, 0.05]),
        "many": (many[25], rng.uniform(0.5, 1, 25)),
        "many near 1": (many[64], np.maximum(0, 1 - rng.exponential(0.01, 64))),
        "a hundred": (many[100], rng.uniform(0.6, 0.9, 100)),
    }
    return {name: (np.array(w) / np.sum(w), np.array(p)) for name, (w, p) in found.items()}


def weighted_limits(rng, weights, wins, each, runs):
    """Yield the cells and limits of the weighted win probability in runs of so many shots per question."""
    for counts in rng.binomial(each, wins, (runs, len(wins))).tolist():
        cells = [
            games.Cell(c, 0, (c,), w, np.array([[each - k, k]]), np.array([0.0, 1.0]))
            for c, (w, k) in enumerate(zip(weights, counts, strict=True))
        ]
        yield cells, games._limits(cells, 0.025, 0.025)


@pytest.mark.few([f"{name}-400-100" for name in tuple(weighted_games())[::3]], slow=10)
@pytest.mark.parametrize(("shots", "runs"), [(400, 100), (100, 2000), (1000, 2000), (20000, 2000)])
@pytest.mark.parametrize("name", weighted_games())
def test_any_weights_are_held_at_nearly_the_ideal_width(rng, name, shots, runs):
    weights, wins = weighted_games()[name]
    each, truth = max(1, shots // len(wins)), float(weights @ wins)
    below = above = width = 0.0
    for _, (low, best, high) in weighted_limits(rng, weights, wins, each, runs):
        assert 0 <= low <= best <= high <= 1
        below += high < truth
        above += low > truth
        width += (high - low) / runs
    print(f"{name}, {shots} shots: coverage {1 - (below + above) / runs:.4f}")
    assert below + above <= runs * 0.05 + 4 * math.sqrt(runs * 0.05 * 0.95)
    spread = math.sqrt(float((weights**2 * wins * (1 - wins)).sum()) / each)
    expected_losses = each * np.minimum(wins, 1 - wins)
    if (expected_losses * weights).sum() / weights.max() > 30:
        assert width < 1.25 * 2 * 1.96 * spread
    if shots >= 20000:
        assert width < 1.08 * 2 * 1.96 * spread


@pytest.mark.few(4)
@pytest.mark.parametrize("name", weighted_games())
def test_p_value_of_any_weights_is_conservative_and_exact_where_all_weigh_the_same(rng, name):
    weights, wins = weighted_games()[name]
    truth = float(weights @ wins)
    found = [games._p_value(cells, truth) for cells, _ in weighted_limits(rng, weights, wins, 50, 60)]
    for alpha in (0.5, 0.2, 0.05):
        reach = 4 * math.sqrt(60 * alpha * (1 - alpha))
        assert np.sum(np.array(found) <= alpha) <= 60 * alpha + reach
    n, k, bound = 300, 280, 0.85
    divergence = k / n * math.log(k / n / bound) + (1 - k / n) * math.log((1 - k / n) / (1 - bound))
    alike = sum_tail(np.full(3, 1 / 3), np.full(3, n // 3), np.array([100, 95, 85]), bound)
    assert alike == pytest.approx(math.exp(-n * divergence), rel=1e-6)
    assert alike >= stats.binom.sf(k - 1, n, bound)


def test_a_question_of_weight_zero_is_left_out(play_of, make_record, joint):
    prob = np.array([[Fraction(1, 2), Fraction(1, 2)], [Fraction(0), Fraction(0)]], dtype=object)
    play = play_of(Game("half", prob, chsh().win.copy()), 1.0)
    found = analyse_game(make_record(play, joint(play, 1.0), shots=10))
    assert [tuple(r["question"]) for r in found.rows] == [(0, 0), (0, 1)]
    assert found.estimates[0].best == 1.0


# Several rounds


@pytest.mark.few(1)
@pytest.mark.parametrize("wins", [(0.8, 0.8, 0.8), (0.85, 0.75, 0.8), (1.0, 0.9, 0.9)])
def test_minimum_over_rounds_is_covered(wins, play_of, make_record, joint):
    play = play_of(chsh(), 0.75, rounds=3)
    behave = functools.cache(joint(play, wins))
    inside, too_high, average = [], [], []
    for _ in range(300):
        found = estimates(make_record(play, behave, shots=40))
        worst = found["win_probability_min_round"]
        inside.append(worst.low <= min(wins) <= worst.high)
        too_high.append(worst.low > min(wins))
        average.append(found["win_probability"].low <= np.mean(wins) <= found["win_probability"].high)
    reach = 3 * math.sqrt(0.95 * 0.05 / 300)
    assert np.mean(inside) >= 0.95 - reach
    assert np.mean(too_high) <= 0.025 + reach / 2
    assert np.mean(average) >= 0.95 - reach


def test_minimum_over_rounds_by_its_rule(play_of, make_record, joint):
    """Lower limits uncorrected, upper limits corrected for the rounds, p-value of the weakest round."""
    play = play_of(chsh(), 0.75, rounds=3)
    record = make_record(play, joint(play, [0.88, 0.85, 0.91]), shots=100)
    worst = estimates(record, 0.9)["win_probability_min_round"]
    rows = analyse_game(record).rows
    wins = [sum(row["wins"] for row in rows if row["round"] == r) for r in range(3)]
    tests = [stats.binomtest(k, 400) for k in wins]
    assert worst.low == pytest.approx(min(t.proportion_ci(0.9, "exact").low for t in tests))
    assert worst.high == pytest.approx(min(t.proportion_ci(1 - 0.1 / 3, "exact").high for t in tests))
    assert worst.best == min(wins) / 400
    assert worst.p_value == pytest.approx(max(stats.binom.sf(k - 1, 400, 0.75) for k in wins))


def test_one_classical_round_spoils_the_verdict_on_the_minimum(play_of, make_record, joint):
    play = play_of(chsh(), 0.75, rounds=3)
    found = estimates(make_record(play, joint(play, [0.95, 0.65, 0.95]), shots=400))
    assert found["win_probability"].verdict == "above"
    assert found["win_probability_min_round"].verdict == "below"
    assert found["win_probability_min_round"].p_value == 1.0


# Checks on raw counts


@pytest.mark.parametrize("number", [300, pytest.param(1000, marks=pytest.mark.slow)])
def test_checks_have_their_size_and_drift_is_uniform_under_the_null(number, play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    behave = functools.cache(joint(play, QUANTUM))
    runs = [analyse_game(make_record(play, behave, shots=100, blocks=4)).checks for _ in range(number)]
    signalling = np.array([c["no_signalling"]["p_value"] for c in runs])
    drift = np.array([c["drift"]["p_value"] for c in runs])
    for p in (signalling, drift):
        close_to_nominal(p < 0.05, 0.05)
    for level in (0.01, 0.1, 0.3):
        assert (drift <= level).mean() <= level + 4 * math.sqrt(level * (1 - level) / len(drift))
    # Bonferroni over two players whose answers are correlated: no p-value is too small
    assert (signalling < 0.5).mean() < 0.55


@pytest.mark.slow
def test_size_for_many_answers_and_questions(play_of, make_record, joint):
    """The magic square's 4 x 4 answers over 9 circuits, few shots per block: outcomes must be pooled."""
    play = play_of(magic_square(), 8 / 9)
    behave = functools.cache(joint(play, 0.97))
    runs = [analyse_game(make_record(play, behave, shots=60, blocks=3)).checks for _ in range(200)]
    for check in ("no_signalling", "drift"):
        p = np.array([c[check]["p_value"] for c in runs])
        assert (p < 0.05).mean() <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)


def test_planted_signalling_is_found_and_is_no_drift(play_of, make_record):
    """Bob answers 0 more often when Charlie is asked 1."""
    play = play_of(chsh(), 0.75)

    def behaviour(circuit, block):
        _, y = play.questions[circuit][0]
        zero = 0.5 + 0.1 * y
        return np.outer([zero, 1 - zero], [0.5, 0.5])

    checks = analyse_game(make_record(play, behaviour, shots=500, blocks=4)).checks
    assert checks["no_signalling"]["p_value"] < 1e-6
    assert checks["drift"]["p_value"] > 1e-3


@pytest.mark.parametrize("player", [0, 1, 2])
def test_signalling_to_any_player_is_found(player, play_of, make_record):
    play = play_of(ghz(3), 0.75)

    def behaviour(circuit, block):
        (question,) = play.questions[circuit]
        zero = 0.5 + 0.1 * question[(player + 1) % 3]
        parts = [np.array([0.5, 0.5])] * 3
        parts[player] = np.array([zero, 1 - zero])
        return functools.reduce(np.multiply.outer, parts)

    assert analyse_game(make_record(play, behaviour, shots=3000)).checks["no_signalling"]["p_value"] < 1e-6


def test_answers_that_depend_on_the_own_question_are_no_signalling(play_of, make_record):
    """Each player is biased by its own question and the two are correlated: allowed, and not reported."""
    play = play_of(chsh(), 0.75)

    def behaviour(circuit, block):
        x, y = play.questions[circuit][0]
        b, c = 0.2 + 0.5 * x, 0.7 - 0.4 * y
        bound = min(b * (1 - c), (1 - b) * c)
        twist = 0.8 * bound * (1 if x == y else -1 if min(b * c, (1 - b) * (1 - c)) > bound else 0)
        return np.array(
            [[b * c + twist, b * (1 - c) - twist], [(1 - b) * c - twist, (1 - b) * (1 - c) + twist]]
        )

    p = [
        analyse_game(make_record(play, behaviour, shots=2000)).checks["no_signalling"]["p_value"]
        for _ in range(60)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.2
    assert min(p) > 1e-5


def test_signalling_in_a_later_round_is_found(play_of, make_record, joint):
    play = play_of(chsh(), 0.75, rounds=2)
    first = joint(play_of(chsh(), 0.75), 0.8)

    def behaviour(circuit, block):
        x, _ = play.questions[circuit][1]
        zero = 0.5 + 0.1 * x
        return np.multiply.outer(first(circuit, block), np.outer([0.5, 0.5], [zero, 1 - zero]))

    assert analyse_game(make_record(play, behaviour, shots=2000)).checks["no_signalling"]["p_value"] < 1e-6


def test_planted_drift_is_found_and_is_no_signalling(play_of, make_record, joint):
    """The win probability falls from block to block, the marginals stay uniform."""
    play = play_of(chsh(), 0.75)
    checks = analyse_game(
        make_record(play, lambda c, block: joint(play, 0.85 - 0.05 * block)(c, block), shots=500, blocks=4)
    ).checks
    assert checks["drift"]["p_value"] < 1e-3
    assert checks["no_signalling"]["p_value"] > 1e-3


def test_drift_of_the_readout_is_not_taken_for_signalling(play_of, make_record):
    """Interleaved blocks: both players' marginals move with time, equally in every circuit."""
    play = play_of(chsh(), 0.75)

    def behaviour(circuit, block):
        zero = 0.5 + 0.06 * block
        return np.outer([zero, 1 - zero], [zero, 1 - zero])

    checks = analyse_game(make_record(play, behaviour, shots=500, blocks=4)).checks
    assert checks["drift"]["p_value"] < 1e-6
    assert checks["no_signalling"]["p_value"] > 1e-3


def test_one_block_has_no_drift_to_test(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    assert analyse_game(make_record(play, joint(play, 0.8), blocks=1)).checks["drift"] is None


# Mitigation


def noisy(behaviour, play, readout, measured):
    """Return the behaviour read through the qubits' errors, one Kronecker factor a classical bit."""
    factors = [np.array([[1 - a, b], [a, 1 - b]]) for a, b in (readout[q - 10] for q in measured)]
    whole = functools.reduce(np.kron, factors)

    @functools.cache
    def behave(circuit, block):
        truth = behaviour(circuit, block)
        return (whole @ truth.reshape(-1)).reshape(truth.shape)

    return behave


READOUT = [(0.01, 0.06), (0.12, 0.03), (0.2, 0.0), (0.02, 0.09)]


@pytest.mark.few(0)
@pytest.mark.parametrize(
    ("game", "bound", "win", "measured", "runs"),
    [(chsh(), 0.75, QUANTUM, (12, 10), 600), (magic_square(), 8 / 9, 0.93, (13, 10, 12, 11), 250)],
    ids=["chsh", "magic-square"],
)
def test_mitigated_estimate_recovers_the_truth(game, bound, win, measured, runs, play_of, make_record, joint):
    """The answers' bits are scattered, and each is read by another qubit with errors of its own."""
    size = len(measured) // 2
    order = list(range(2 * size))[::-1]
    play = play_of(game, bound, answers=[[order[:size], order[size:]]])
    behave = noisy(joint(play, win), play, READOUT, measured)
    best, inside, raw_inside = [], [], []
    for _ in range(runs):
        found = estimates(make_record(play, behave, shots=500, readout=READOUT, measured=measured))
        mitigated, raw = found["win_probability_mitigated"], found["win_probability"]
        best.append(mitigated.best)
        inside.append(mitigated.low <= win <= mitigated.high)
        raw_inside.append(raw.low <= win <= raw.high)
        assert mitigated.low <= mitigated.best <= mitigated.high
        assert mitigated.p_value is None  # a test of mitigated counts rests on too much
    close_to_nominal(inside, 0.95, slack=0.02)
    assert np.mean(raw_inside) < 0.5
    assert np.mean(best) == pytest.approx(win, abs=0.01)  # projected: a bias is left


def test_mitigation_with_exact_frequencies_is_exact(play_of, make_record, joint):
    """Counts that are exactly the read distribution give back exactly the truth."""
    play = play_of(chsh(), 0.75)
    measured, readout = (11, 10), [(0.0, 0.25), (0.25, 0.0)]
    behave = noisy(joint(play, 0.875), play, readout, measured)
    record = make_record(play, behave, shots=1, readout=readout, measured=measured)
    shots = 16 * 2**16
    keys = ["".join(k) for k in itertools.product("01", repeat=2)]
    for chunk in record.plan:
        exact = behave(chunk.setting, 0).reshape(-1) * shots
        np.testing.assert_allclose(exact, np.round(exact), atol=1e-9)
        record.counts[chunk.id].clear()
        record.counts[chunk.id].update({k: round(n) for k, n in zip(keys, exact, strict=True)})
    found = estimates(record)["win_probability_mitigated"]
    assert found.best == pytest.approx(0.875)
    # the spread of the inverted estimator, by hand: each outcome's value under the transposed inverse
    variance = 0.0
    factors = [np.array([[1 - a, b], [a, 1 - b]]) for a, b in (readout[q - 10] for q in measured)]
    inverse = np.linalg.inv(np.kron(*factors))
    for (question,) in play.questions:
        value = play.game.win[question].reshape(-1) @ inverse
        f = behave(play.questions.index((question,)), 0).reshape(-1)
        variance += (f @ value**2 - (f @ value) ** 2) / shots / 16
    reach = stats.norm.ppf(0.975) * math.sqrt(variance)
    assert (found.low, found.high) == pytest.approx((0.875 - reach, 0.875 + reach), abs=0.02 * reach)


def test_a_perfect_game_is_covered_after_mitigation(play_of, make_record, joint):
    play = play_of(ghz(3), 0.75)
    measured = (10, 11, 13)
    behave = noisy(joint(play, 1.0), play, READOUT, measured)
    inside = []
    for _ in range(300):
        found = estimates(make_record(play, behave, shots=300, readout=READOUT, measured=measured))
        inside.append(found["win_probability_mitigated"].high >= 1 - 1e-12)
        assert found["win_probability_mitigated"].high <= 1
    assert np.mean(inside) >= 0.95


@pytest.mark.few(1)
@pytest.mark.parametrize("shots", [1, 20])
def test_mitigated_interval_covers_rare_losses(shots, play_of, make_record, joint):
    """Few shots and small errors: most runs see no loss at all, which must not make the interval a point."""
    play = play_of(chsh(), 0.75)
    readout, measured = [(0.005, 0.005)] * 2, (10, 11)
    behave = noisy(joint(play, 0.99), play, readout, measured)
    inside, widths = [], []
    for _ in range(300):
        record = make_record(play, behave, shots=shots, readout=readout, measured=measured)
        found = estimates(record)["win_probability_mitigated"]
        inside.append(found.low <= 0.99 <= found.high)
        widths.append(found.high - found.low)
    assert min(widths) > 0
    assert np.mean(inside) >= 0.9


def test_no_mitigation_without_readout_errors(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    record = make_record(play, joint(play, 0.8), readout=[(0.0, 0.0)] * 2, measured=(10, 11))
    assert "win_probability_mitigated" not in estimates(record)
