"""Brackets where the sender prepares: of the fidelity of pure targets, of the trace norm of mixed ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from qcoord_hw.errors import InternalError
from qcoord_hw.theory.finite_blocklength.converses.bracket import BestAtN, Figure, down, up
from qcoord_hw.theory.finite_blocklength.converses.checker.prepared import Proved, prepared_value
from qcoord_hw.theory.finite_blocklength.converses.preparation import (
    kept_mass,
    mixed_bound,
    spectrum,
    trace_distance,
)
from qcoord_hw.theory.finite_blocklength.converses.task import Cut, Prepared, entries_of, matrix_entries

KIND = "prepared"
PURE = "Schmidt rank across the links: F <= P, the mass of the largest coefficients that it allows"
MIXED = "Schmidt rank across the links, seen by one vector"
TRIVIAL = "no trace norm is below 0, and no fidelity above 1: no better converse is known here"
SOURCE = "F_e <= P^2 for every encoder and decoder, reached by the projection"

W_DIGITS = 9
FLOAT = 12
"""Decimals of what is known in closed form: the last digits of a float are rounding."""

Own = Mapping[str, float]
"""Figures of the protocol at hand: `fidelity`, `trace_norm`, `all_parts`, as far as they are known."""


def prepared_bracket(cases: Sequence[Prepared], parts: bool, own: Own) -> BestAtN:
    """Return the best possible of states that senders prepare.

    Args:
        cases: what is to be made.
        parts: whether the cases are parts of one circuit, the figure being that of the worst one; else it is
            their mean.
        own: figures of the protocol at hand, which the open end takes.

    Raises:
        InternalError: when the checker does not accept what was found.
    """
    pure = all(case.state.ndim == 1 for case in cases)
    certificate = {"kind": KIND, "parts": parts, "cases": [_plain(case) for case in cases]}
    proved = prepared_value(certificate, "certificate")
    _agree(cases, parts, proved, pure)
    if not pure:
        reached = own.get("trace_norm", 2.0)
        lower = down(proved.trace_norm)
        return _of("trace_norm", lower, max(lower, up(reached)), "lower", certificate, MIXED)
    fidelity = round(proved.fidelity, FLOAT)
    lower = fidelity if proved.reached else min(fidelity, round(own.get("fidelity", 0.0), FLOAT))
    further = {"trace_norm": _trace_norm(proved, own)}
    if parts and len(cases) > 1:
        reached = proved.all_parts if proved.reached else min(proved.all_parts, own.get("all_parts", 0.0))
        further["all_parts"] = {"lower": round(reached, FLOAT), "upper": round(proved.all_parts, FLOAT)}
    if all(len(case.cuts) == 1 for case in cases) and proved.reached:
        squared = round(proved.fidelity**2, FLOAT)
        further["source_coding"] = {"lower": squared, "upper": squared}
    ends = "both" if proved.reached else "upper"
    return _of("fidelity", lower, fidelity, ends, certificate, PURE, further)


def trivial_bracket(own: Own) -> BestAtN:
    """Return what is true of any task: no trace norm is below 0, and no fidelity above 1.

    Args:
        own: figures of the protocol at hand.
    """
    certificate = {"kind": "trivial"}
    if "fidelity" in own:
        return _of("fidelity", min(1.0, round(own["fidelity"], FLOAT)), 1.0, "upper", certificate, TRIVIAL)
    return _of("trace_norm", 0.0, up(own.get("trace_norm", 2.0)), "lower", certificate, TRIVIAL)


def source_coding(values: Sequence[float], copies: int, kept: int) -> BestAtN:
    """Return the largest entanglement fidelity where the reference is given: P^2.

    Args:
        values: eigenvalues of one copy of the source.
        copies: n.
        kept: the message's dimension, times that of the ebits.
    """
    products = np.ones(1)
    for _ in range(copies):
        products = np.outer(products, values).ravel()
    best = round(kept_mass(products, kept) ** 2, FLOAT)
    certificate = {"kind": "source-coding", "spectrum": list(values), "copies": copies, "kept": kept}
    return BestAtN("fidelity", "source-coding", best, best, "both", certificate, SOURCE)


def _of(
    figure: Figure,
    lower: float,
    upper: float,
    certified: Any,
    certificate: dict[str, Any],
    source: str,
    further: Mapping[str, Mapping[str, float]] | None = None,
) -> BestAtN:
    return BestAtN(figure, "preparation", lower, upper, certified, certificate, source, further or {})


def _trace_norm(proved: Proved, own: Own) -> dict[str, float]:
    """Return the bracket of the trace norm: the kept part has 2 sqrt(1 - P)."""
    ends = [own["trace_norm"]] if "trace_norm" in own else []
    if proved.reached:
        ends.append(2 * math.sqrt(max(0.0, 1 - proved.fidelity)))
    lower = down(proved.trace_norm)
    return {"lower": lower, "upper": max(lower, up(min(ends, default=2.0)))}


def _plain(case: Prepared) -> dict[str, Any]:
    """Return a case with what proves its bounds, as plain values."""
    pure = case.state.ndim == 1
    state = {"ket": entries_of(case.state)} if pure else {"density": matrix_entries(case.state)}
    return {
        "label": case.label,
        "probability": case.probability,
        "qubits": case.qubits,
        **({} if case.cell is None else {"cell": list(case.cell)}),
        **state,
        "together": case.together,
        "cuts": [
            {
                "name": cut.name,
                "side": list(cut.side),
                "rank": cut.rank,
                "links": list(cut.links),
                **(_observable(case, cut) if pure else {"phi": entries_of(mixed_bound(case.state, cut)[1])}),
            }
            for cut in case.cuts
        ],
    }


def _observable(case: Prepared, cut: Cut) -> dict[str, Any]:
    values = spectrum(case.state, cut.side)
    kept = values[values > 1e-12]
    return {"w": list(_weights(tuple(np.round(kept / kept.sum(), FLOAT)), cut.rank))}


@lru_cache(maxsize=256)
def _weights(values: tuple[float, ...], rank: int) -> tuple[float, ...]:
    return tuple(round(float(one), W_DIGITS) for one in trace_distance(np.array(values), rank).w)


def _agree(cases: Sequence[Prepared], parts: bool, proved: Proved, pure: bool) -> None:
    """Check that the closed forms are what the checker proves.

    Raises:
        InternalError: when they are not.
    """
    if not pure:
        return
    each = []
    for case in cases:
        kept = [kept_mass(spectrum(case.state, cut.side), cut.rank) for cut in case.cuts]
        each.append(math.prod(kept) if case.together else min(kept, default=1.0))
    mean = math.fsum(case.probability * one for case, one in zip(cases, each, strict=True))
    should = min(each) if parts else mean
    if abs(should - proved.fidelity) > 1e-9:
        raise InternalError(f"best_at_n: P is {should}, and {proved.fidelity} is proved")
