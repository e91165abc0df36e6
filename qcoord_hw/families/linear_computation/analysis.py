"""Estimates and checks of a run of a linear computation, from its raw counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.linear_computation.estimates import figures, paired_differences
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.families.linear_computation.tally import Tally, codes, tally
from qcoord_hw.record import Counts, RunRecord, interpreting
from qcoord_hw.statistics.analysis import Analysis
from qcoord_hw.statistics.binomial import check_confidence
from qcoord_hw.statistics.drift import Blocks, drift_check
from qcoord_hw.statistics.estimate import Estimate, Limits
from qcoord_hw.statistics.homogeneity import combined_p_value

Integers = npt.NDArray[np.int64]


def analyse_linear(record: RunRecord, confidence: float = 0.95) -> Analysis:
    """Return estimates, checks and the outputs of a finished run.

    Args:
        record: a run of a linear computation.
        confidence: two-sided confidence level of every interval.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when the record is not that of a linear computation.
    """
    check_confidence(confidence)
    with interpreting(record.path):
        by_block, settings = record.by_block(), record.intent["experiment"]["settings"]
        found = read_tally(record, by_block)
    checks = {"drift": _drift(found)}
    if len(settings) > len(found.play.inputs):
        checks["frame"] = _frame(by_block, settings)
    estimates = tuple(figure.estimate for figure in figures(found, confidence))
    return Analysis(estimates, checks, rows=tuple(_outputs(found)))


def linear_estimates(record: RunRecord, confidence: float) -> Iterator[Estimate]:
    """Yield the estimates of `analyse_linear`, each made when it is asked for."""
    check_confidence(confidence)
    with interpreting(record.path):
        found = read_tally(record)
    return (figure.estimate for figure in figures(found, confidence))


def paired_runs(before: RunRecord, after: RunRecord, confidence: float) -> dict[str, Limits]:
    """Return name -> limits of the differences of two runs on the same inputs; nothing for others."""
    tallies = []
    for record in (before, after):
        with interpreting(record.path):
            tallies.append(read_tally(record if record.tiles == 1 else record.tile(0)))
    return paired_differences(tallies[0], tallies[1], confidence)


def read_tally(record: RunRecord, by_block: Mapping[tuple[int, int], Counts] | None = None) -> Tally:
    """Decode the counts of a run, but for those that only check others; `by_block` where they are at hand."""
    asked = dict(record.intent.get("spec", {}).get("parameters", {})).get("inputs")
    play = LinearScoring.from_json(record.intent["experiment"]["play"], asked)
    counts = record.by_block() if by_block is None else by_block
    return tally(play, {key: c for key, c in counts.items() if key[1] < len(play.inputs)})


def _drift(found: Tally) -> dict[str, Any] | None:
    """Test that errors are the same in all blocks, pooled over inputs.

    Blocks hold all inputs in equal shares, or each some of them at random: then inputs stand for shots.
    """
    blocks = 1 + int(found.block.max(initial=0))
    if blocks == 1:
        return None
    width = 1 + int(found.cells.max(initial=0))
    pairs = np.unique(np.stack([found.setting, found.block]), axis=1)
    if len(np.unique(pairs[0])) == pairs.shape[1]:
        right = np.bincount(found.setting, found.shots * (found.cells == 0))[pairs[0]]
        values, place = np.unique(right, return_inverse=True)
        inputs = np.zeros((blocks, len(values)), dtype=np.int64)
        np.add.at(inputs, (pairs[1], place), 1)
        return drift_check([Blocks(inputs, values)], "right outputs, inputs dealt whole", ())
    table = np.bincount(found.block * width + found.cells, found.shots, blocks * width)
    errors = Blocks(table.reshape(blocks, width).astype(np.int64), np.arange(width) == 0)
    return drift_check([errors], "right outputs, pooled over inputs")


def _frame(
    by_block: Mapping[tuple[int, int], Mapping[str, int]], settings: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
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
    if not freedom:
        return None
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
    symbols, number = np.unique(codes(found.outputs, found.play.task.field.order), return_inverse=True)
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
