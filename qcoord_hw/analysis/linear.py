"""Estimates and checks of a run of a linear computation, from its raw counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.analysis.binomial import check_confidence, clopper_pearson, tail
from qcoord_hw.analysis.entropy import ErrorCounts, error_entropy, survival
from qcoord_hw.analysis.estimate import Estimate
from qcoord_hw.analysis.homogeneity import combined_p_value
from qcoord_hw.analysis.result import Analysis
from qcoord_hw.record import RunRecord
from qcoord_hw.theory.linear_computation.play import LinearPlay
from qcoord_hw.theory.value import Value

Integers = npt.NDArray[np.int64]

ASSUMES = "shots independent"
ASSUMES_GUESS = f"{ASSUMES}; inputs fixed in advance, to a guesser every output is equally likely"
ASSUMES_RATE = f"{ASSUMES}; errors pooled over inputs; normal approximation"
RATE_METHOD = (
    "normal interval of the mean score L K + log p(error) over N, Agresti-Coull; "
    "entropy after Miller-Madow, its largest bias off the low end"
)
GUESS = "guessing without quantum or classical link"
CERTAIN = Value(1.0, "exact", "every shot right [Hu2025, Lemma 1]")
NEVER = Value(0.0, "exact", "no error [Hu2025, Lemma 1]")
MAX_CODE = 2**62


@dataclass(frozen=True, eq=False)
class Tally:
    """All that was counted for the inputs, decoded: one entry a block, input and outcome that occurred.

    Attributes:
        play: how counts are scored.
        block: shape (entries,).
        setting: shape (entries,): which input.
        outcome: shape (entries,): index into what follows.
        shots: shape (entries,).
        leaked: shape (outcomes,): whether a digit read p or more.
        outputs: shape (outcomes, L K): what the user computes, y1 then y2 ..; means nothing where leaked.
    """

    play: LinearPlay
    block: Integers
    setting: Integers
    outcome: Integers
    shots: Integers
    leaked: npt.NDArray[np.bool_]
    outputs: npt.NDArray[np.uint8]

    @cached_property
    def expected(self) -> npt.NDArray[np.uint8]:
        """What the outputs should be, shape (inputs, L K)."""
        return self.play.expected.reshape(len(self.play.inputs), -1).astype(np.uint8)

    @cached_property
    def lost(self) -> npt.NDArray[np.bool_]:
        """Whether an entry leaked."""
        return self.leaked[self.outcome]

    @cached_property
    def errors(self) -> npt.NDArray[np.uint8]:
        """Output less expected output of each entry, shape (entries, L K); means nothing where lost."""
        field = self.play.task.field
        less = field.add[:, field.neg].astype(np.uint8)
        return np.asarray(less[self.outputs[self.outcome], self.expected[self.setting]])

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each output of an entry is right, shape (entries, L K); nothing is where it leaked."""
        return np.asarray((self.errors == 0) & ~self.lost[:, None])

    @cached_property
    def cells(self) -> Integers:
        """A number for each entry's error vector: 0 where all is right, 1 where it leaked, else from 2 on."""
        codes = 1 + _codes(self.errors, self.play.task.field.order)
        codes[self.lost] = 0
        _, cells = np.unique(np.concatenate([[0, 1], codes]), return_inverse=True)
        return np.array([1, 0, *range(2, cells.max() + 1)])[cells[2:]]

    def count(self, entries: npt.NDArray[np.bool_]) -> int:
        """Return the shots of some entries."""
        return int(self.shots[entries].sum())


def analyse_linear(record: RunRecord, confidence: float = 0.95) -> Analysis:
    """Return estimates, checks and the outputs of a finished run.

    Args:
        record: a run of a linear computation.
        confidence: two-sided confidence level of every interval.

    Raises:
        InputError: when the confidence is not between 0 and 1.
    """
    check_confidence(confidence)
    play = LinearPlay.from_json(record.intent["experiment"]["play"])
    by_block = record.by_block()
    counted = {key: counts for key, counts in by_block.items() if key[1] < len(play.inputs)}
    found = tally(play, counted)
    checks = {"drift": _drift(found)}
    if len(counted) < len(by_block):
        checks["frame"] = _frame(by_block, record.intent["experiment"]["settings"])
    return Analysis(tuple(_estimates(found, confidence)), checks, outputs=tuple(_outputs(found)))


def tally(play: LinearPlay, counts: Mapping[tuple[int, int], Mapping[str, int]]) -> Tally:
    """Decode (block, input) -> counts; every distinct outcome is decoded once."""
    number = {key: i for i, key in enumerate(dict.fromkeys(chain.from_iterable(counts.values())))}
    sizes = [len(c) for c in counts.values()]
    where = np.repeat(np.array(list(counts), dtype=np.int64).reshape(-1, 2), sizes, axis=0)
    keys = chain.from_iterable(counts.values())
    shots = chain.from_iterable(c.values() for c in counts.values())
    bits = np.frombuffer("".join(number).encode(), dtype=np.uint8).reshape(len(number), -1) - ord("0")
    digits = play.digits(bits.astype(np.int64))
    return Tally(
        play,
        block=where[:, 0],
        setting=where[:, 1],
        outcome=np.fromiter(map(number.__getitem__, keys), np.int64, len(where)),
        shots=np.fromiter(shots, np.int64, len(where)),
        leaked=np.asarray((digits >= play.task.field.characteristic).any(axis=1)),
        outputs=play.outputs(digits).reshape(len(number), -1).astype(np.uint8),
    )


def _estimates(found: Tally, confidence: float) -> list[Estimate]:
    play, shots = found.play, int(found.shots.sum())
    field, rows = play.task.field, play.task.rows
    symbols = play.instances * field.rank(play.task.matrix)  # rows that depend on others tell nothing new
    cells = np.bincount(found.cells, found.shots, minlength=2).astype(np.int64)
    right, lost = int(cells[0]), int(cells[1])
    counts = ErrorCounts(right, cells[2:], leaked=lost, order=field.order, symbols=symbols)
    guess = Value(float(field.order) ** -symbols, "exact", GUESS)
    estimates = [
        _success("success_probability", right, shots, confidence, guess),
        _surviving(play, counts, confidence),
        _leakage(play, lost, shots, confidence),
    ]
    if field.characteristic > 2:
        kept = _success("success_postselected", right, shots - lost, confidence, guess)
        estimates.append(kept)
    names = [f"success_y{1 + j}[{k}]" for j in range(2) for k in range(rows)]
    one = Value(1 / field.order, "exact", GUESS)
    estimates += [
        _success(name, found.count(found.right[:, j]), shots, confidence, one) for j, name in enumerate(names)
    ]
    low, best, high = error_entropy(counts, confidence)
    method = (
        "normal interval of -log p(error), Agresti-Coull; Miller-Madow, largest bias added to the high end"
    )
    estimates.append(
        Estimate(
            "error_entropy", low, best, high, method, confidence, counts.kept, NEVER, assumes=ASSUMES_RATE
        )
    )
    return estimates


def _success(name: str, right: int, shots: int, confidence: float, guess: Value) -> Estimate:
    """Return a share of right outputs; the interval is conservative if inputs differ [Hoeffding1956]."""
    low, best, high = clopper_pearson(right, shots, confidence)
    return Estimate(
        name,
        low,
        best,
        high,
        "clopper-pearson",
        confidence,
        shots,
        theory=CERTAIN,
        bound=guess,
        p_value=tail(right, shots, guess.value) if right >= shots * guess.value + 1 else 1.0,
        assumes=ASSUMES_GUESS,
    )


def _surviving(play: LinearPlay, counts: ErrorCounts, confidence: float) -> Estimate:
    """Return the rate that survives: (1 - leakage) (L K - entropy of errors) / N, in dits a qudit."""
    dits = survival(counts, confidence)
    quantum, classical = (Value(*_baseline(play, name)) for name in ("quantum", "classical"))
    return Estimate(
        "surviving_rate",
        dits.low / play.qudits,
        dits.best / play.qudits,
        dits.high / play.qudits,
        RATE_METHOD,
        confidence,
        counts.shots,
        theory=quantum,
        bound=classical,
        p_value=dits.p_value(classical.value * play.qudits),
        assumes=ASSUMES_RATE,
    )


def _leakage(play: LinearPlay, lost: int, shots: int, confidence: float) -> Estimate:
    if play.task.field.characteristic == 2:
        method = "exact: a bit has no third value"
        return Estimate("leakage", 0.0, 0.0, 0.0, method, confidence, shots, theory=NEVER)
    interval = clopper_pearson(lost, shots, confidence)
    return Estimate("leakage", *interval, "clopper-pearson", confidence, shots, NEVER, assumes=ASSUMES)


def _baseline(play: LinearPlay, name: str) -> tuple[float, Any, str]:
    value, source = play.baselines[name]
    return value, "exact", source


def _drift(found: Tally) -> dict[str, Any]:
    """Test that errors are the same in all blocks, pooled over inputs (blocks hold them in equal shares)."""
    width = 1 + int(found.cells.max(initial=0))
    blocks = 1 + int(found.block.max(initial=0))
    table = np.bincount(found.block * width + found.cells, found.shots, blocks * width)
    p_value, freedom = combined_p_value([table.reshape(blocks, width).astype(np.int64)])
    method = "chi-square of errors over blocks, pooled over inputs"
    return {"p_value": p_value, "degrees_of_freedom": freedom, "method": method}


def _frame(
    by_block: Mapping[tuple[int, int], Mapping[str, int]], settings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Test that outcomes of derived inputs are distributed as where the same inputs are simulated directly.

    The total variation is the largest between the two histograms of an input; it holds their own spread.
    """
    checked = {s["input"] for k, s in enumerate(settings) if k != s["input"]}
    histograms: dict[tuple[int, bool], dict[str, int]] = {}
    for (_, k), counts in by_block.items():
        if (given := settings[k]["input"]) in checked:
            pooled = histograms.setdefault((given, k == given), {})
            for outcome, n in counts.items():
                pooled[outcome] = pooled.get(outcome, 0) + n
    tables = []
    for given in sorted(checked):
        pair = [histograms.get((given, derived), {}) for derived in (True, False)]
        outcomes = sorted({**pair[0], **pair[1]})  # equally rare ones are pooled in this order: favour no row
        tables.append(np.array([[counts.get(o, 0) for o in outcomes] for counts in pair]))
    p_value, freedom = combined_p_value(tables)
    return {
        "p_value": p_value,
        "degrees_of_freedom": freedom,
        "method": "chi-square of outcomes, derived against direct",
        "inputs": sorted(checked),
        "total_variation": max(_total_variation(table) for table in tables),
    }


def _total_variation(table: Integers) -> float:
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _outputs(found: Tally) -> list[dict[str, Any]]:
    """Return inputs, commonest outputs (of equally common ones the smallest) and share of right shots."""
    inputs, rows = len(found.play.inputs), found.play.task.rows
    symbols, number = np.unique(_codes(found.outputs, found.play.task.field.order), return_inverse=True)
    example = np.zeros(len(symbols), dtype=np.int64)
    example[number] = np.arange(len(number))  # an outcome that reads each output
    kept = ~found.lost
    pairs, place = np.unique(
        found.setting[kept] * len(symbols) + number[found.outcome[kept]], return_inverse=True
    )
    votes = np.bincount(place, found.shots[kept], len(pairs))
    setting, output = np.divmod(pairs, max(len(symbols), 1))
    order = np.lexsort((output, -votes, setting))
    first, at = np.unique(setting[order], return_index=True)
    commonest: list[list[int] | None] = [None] * inputs
    for k, outcome in zip(first.tolist(), example[output[order[at]]], strict=True):
        commonest[k] = found.outputs[outcome].tolist()
    right = np.bincount(found.setting, found.shots * (found.cells == 0), inputs)
    share = right / np.maximum(np.bincount(found.setting, found.shots, inputs), 1)
    return [
        {f"w{i + 1}": symbols for i, symbols in enumerate(w)}
        | {f"y{i + 1}": y and y[i * rows : (i + 1) * rows] for i in range(len(w))}
        | {f"expected_y{i + 1}": e[i * rows : (i + 1) * rows] for i in range(len(w))}
        | {"success": s}
        for w, y, e, s in zip(
            found.play.inputs.tolist(), commonest, found.expected.tolist(), share.tolist(), strict=True
        )
    ]


def _codes(vectors: npt.NDArray[np.uint8], base: int) -> Integers:
    """Return a number for each vector: equal for equal ones, in their order, 0 for the zero vector alone."""
    codes, span = np.zeros(len(vectors), dtype=np.int64), 1
    for column in vectors.T:
        if span > MAX_CODE // base:
            seen, codes = np.unique(np.concatenate([[0], codes]), return_inverse=True)
            codes, span = codes[1:].astype(np.int64), len(seen)
        codes = codes * base + column
        span *= base
    return codes
