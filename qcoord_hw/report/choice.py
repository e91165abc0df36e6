"""Which way of doing an experiment is the best on a device: how candidates are compared.

A cheap pass places and compiles every candidate and judges it by its expected number of errors; the most
promising ones are then computed as `qcoord plan` does, those with the same circuits once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from qcoord_hw import registry
from qcoord_hw.errors import QcoordError
from qcoord_hw.record import processed
from qcoord_hw.report.choice_answer import Choice, Ranked
from qcoord_hw.report.plan import SHOTS, Outlook, expected_kind
from qcoord_hw.spec import one_line
from qcoord_hw.statistics.estimate import Estimate, headline_of

if TYPE_CHECKING:
    from qcoord_hw.execution.forecast import Cost, Forecast
    from qcoord_hw.families.base import Candidate

MOST = 20
"""Candidates of which the figure is computed on a target; of the others it is estimated."""

TIE = 1e-9
"""Figures that differ by less are equal."""

ESTIMATED = "estimated"

Rates = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate on a target, before its figure is known.

    Attributes:
        candidate: what would be run.
        target: name of the target.
        command: that runs it.
        forecast: of it there; None where it does not run.
        refused: why it does not.
        twin: the name of an earlier candidate with the same circuits; empty if there is none.
    """

    candidate: Candidate
    target: str
    command: str
    forecast: Forecast | None = None
    refused: str = ""
    twin: str = ""


@dataclass(frozen=True, eq=False)
class _Judged:
    """A candidate that runs on a target, with what is expected of it.

    Attributes:
        trial: what it is.
        forecast: of it.
        by_copy: whether block lengths differ, so that figures are compared by the copy.
        main: its main figure, computed, or estimated from the expected number of errors.
        computed: all its figures, where they were computed.
        refused: why they cannot be.
    """

    trial: Trial
    forecast: Forecast
    by_copy: bool
    main: Estimate | None = None
    computed: Mapping[str, Estimate] = field(default_factory=dict)
    refused: str = ""

    @property
    def copies(self) -> int:
        return int(self.forecast.description["copies"])

    @cached_property
    def cost(self) -> Cost:
        """What an execution takes."""
        return self.forecast.cost(self.forecast.prepared)

    @property
    def rates(self) -> Rates:
        usage: Rates = self.forecast.description["usage"]
        return {key: {u: n / self.copies for u, n in used.items()} for key, used in usage.items()}

    def is_twin(self, other: _Judged) -> bool:
        """Whether the circuits are the same."""
        mine, theirs = self.trial, other.trial
        first = (mine.twin or mine.candidate.name, theirs.twin or theirs.candidate.name)
        return first[0] == first[1]

    def at_rates(self) -> tuple[tuple[str, str, float], ...]:
        """Return what a copy takes, to compare it."""
        taken = ((key, unit, round(n, 9)) for key, used in self.rates.items() for unit, n in used.items())
        return tuple(sorted(one for one in taken if one[2]))

    def estimate(self, figure: str) -> Estimate | None:
        """Return the figure of that name, if it is known."""
        if self.computed or self.refused:
            return self.computed.get(figure)
        return self.main if self.main is not None and self.main.name == figure else None

    def merit(self, figure: str) -> float:
        """Return the figure, of one copy where these are compared; the larger the better."""
        found = self.estimate(figure)
        assert found is not None
        return (-1 if found.better == "less" else 1) * (self.per_copy(figure) or found.best)

    def per_copy(self, figure: str) -> float | None:
        """Return the n-th root of a fidelity or the n-th part of a distance, where copies are compared."""
        found = self.estimate(figure)
        if found is None or not self.by_copy:
            return None
        if found.better == "less":
            return found.best / self.copies
        return math.copysign(abs(found.best) ** (1 / self.copies), found.best)


def compare_candidates(
    experiment: str,
    trials: Sequence[Trial],
    *,
    within_rates: bool,
    idle_noise: bool = True,
    done: Callable[[], None] = lambda: None,
) -> Choice:
    """Return the candidates in order, with what is expected of each and why it lost.

    Args:
        experiment: its name.
        trials: the candidates on the targets; the experiment itself comes first on each.
        within_rates: whether they are compared where they use their links equally much.
        idle_noise: whether qubits that wait decay in what is expected.
        done: called after each trial.
    """
    targets = list(dict.fromkeys(trial.target for trial in trials))
    judged = {
        target: _judged([t for t in trials if t.target == target], within_rates, done) for target in targets
    }
    figure = _common_figure([one for some in judged.values() for one in some])
    ranked: list[Ranked] = []
    for target in targets:
        own = [trial for trial in trials if trial.target == target]
        known = [one for one in judged[target] if figure is not None and one.estimate(figure) is not None]
        order = _groups(known, figure or "", within_rates)
        for group in order:
            ranked += _rows(group, known, figure or "", within_rates)
        left = [trial for trial in own if all(trial is not one.trial for one in known)]
        ranked += [_unranked(trial, judged[target], figure) for trial in left]
    main = next(
        (e for some in judged.values() for one in some if figure and (e := one.estimate(figure))), None
    )
    return Choice(
        experiment,
        targets,
        figure,
        "" if main is None else main.title,
        "more" if main is None else main.better,
        ranked,
        idle_noise,
    )


def _judged(trials: Sequence[Trial], within_rates: bool, done: Callable[[], None]) -> list[_Judged]:
    """Return what is expected of the candidates that run on a target."""
    found: dict[str, _Judged] = {}
    for trial in trials:
        if trial.forecast is None:
            done()
        else:
            found[trial.candidate.name] = _Judged(trial, trial.forecast, within_rates)
    if not found:
        return []
    order = list(found)
    if len(order) > MOST:
        found = {name: replace(one, main=_estimated(one.forecast)) for name, one in found.items()}
        own = found[order[0]].at_rates()
        far = {name for name, one in found.items() if within_rates and one.at_rates() != own}
        promise = {name: one.merit(one.main.name) if one.main else -math.inf for name, one in found.items()}
        order.sort(key=lambda name: (name in far, -promise[name]))
    for place, name in enumerate(order):
        one = found[name]
        twins = [found[other] for other in order[:place] if one.is_twin(found[other])]
        if twins:
            found[name] = replace(one, main=twins[0].main, computed=twins[0].computed)
        elif place < MOST:
            found[name] = _computed(one)
        done()
    return list(found.values())


def _computed(one: _Judged) -> _Judged:
    """Return a candidate with its figures, or why they cannot be computed."""
    try:
        outlook = Outlook(one.forecast)
    except QcoordError as error:
        return replace(one, refused=one_line(error))
    estimates = [e for e in outlook.estimates if e.origin != "mitigated"]
    return replace(one, main=outlook.main, computed={e.name: e for e in estimates})


def _estimated(forecast: Forecast) -> Estimate | None:
    """Return the main figure by the expected number of errors e: mixed + (ideal - mixed) exp(-e)."""
    family = registry.family_of_kind(forecast.description["play"]["kind"])
    main = headline_of(list(family.estimates(processed(forecast.mixed().record(SHOTS)), 0.95)))
    if main is None:
        return None
    if main.theory is not None:
        ideal = main.theory.value
    else:
        ideal = headline_of(list(family.estimates(processed(forecast.ideal().record(SHOTS)), 0.95))).best  # type: ignore[union-attr]
    known = forecast.noisy and forecast.device.snapshot is not None
    errors = forecast.errors(forecast.prepared.layout) if known else 0.0
    best = main.best + (ideal - main.best) * math.exp(-errors)
    return replace(main, low=min(main.low, best), best=best, high=max(main.high, best))


def _common_figure(judged: Sequence[_Judged]) -> str | None:
    """Return the first figure, headlines before others, that all candidates have that were computed."""
    computed = [one for one in judged if one.computed]
    mains = [one.main.name for one in computed or judged if one.main is not None]
    names = [*mains, *(name for one in computed for name in one.computed)]
    everywhere = (name for name in names if all(name in one.computed for one in computed))
    return next(everywhere, names[0] if names else None)


def _groups(known: Sequence[_Judged], figure: str, within_rates: bool) -> list[list[_Judged]]:
    """Return the candidates that are compared with each other, the best first in each."""
    groups: dict[object, list[_Judged]] = {}
    for one in known:
        groups.setdefault(one.at_rates() if within_rates else None, []).append(one)
    first, *others = groups.values() if groups else [[]]
    others.sort(key=lambda group: sum(taken for _, _, taken in group[0].at_rates()))
    return [sorted(group, key=lambda one: -one.merit(figure)) for group in [first, *others] if group]


def _rows(
    group: Sequence[_Judged], known: Sequence[_Judged], figure: str, within_rates: bool
) -> list[Ranked]:
    best = next((one for one in group if one.trial.candidate.same), group[0])
    return [
        _row(
            one, figure, rank, _why(one, best, group, figure), _on_frontier(one, known, figure, within_rates)
        )
        for rank, one in enumerate(group, start=1)
    ]


def _on_frontier(one: _Judged, known: Sequence[_Judged], figure: str, within_rates: bool) -> bool | None:
    if not within_rates:
        return None
    mine, own = one.merit(figure), dict(((k, u), n) for k, u, n in one.at_rates())
    for other in known:
        theirs = dict(((k, u), n) for k, u, n in other.at_rates())
        no_more = all(n <= own.get(key, 0.0) + TIE for key, n in theirs.items())
        less = no_more and theirs != own
        gain = other.merit(figure) - mine
        if no_more and (gain > TIE or (less and gain > -TIE)):
            return False
    return True


def _row(one: _Judged, figure: str, rank: int, why: str, frontier: bool | None) -> Ranked:
    found = one.estimate(figure)
    assert found is not None
    return Ranked(
        name=one.trial.candidate.name,
        title=one.trial.candidate.title,
        target=one.trial.target,
        rank=rank,
        expected=found.best,
        kind=_kind(one),
        ideal=found.theory.value if found.theory else None,
        classical=found.bound.value if found.bound else None,
        per_copy=one.per_copy(figure),
        two_qubit_gates=one.cost.two_qubit_gates,
        qubits=_qubits(one),
        copies=one.copies,
        rates=one.rates,
        same=one.trial.candidate.same,
        why=why,
        command=one.trial.command,
        frontier=frontier,
    )


def _kind(one: _Judged) -> str:
    if not one.computed:
        return ESTIMATED
    kind = expected_kind(one.forecast)
    return kind if one.forecast.is_exact else f"{kind}, sampled"


def _qubits(one: _Judged) -> int:
    return int(max(circuit.num_qubits for circuit in one.forecast.program.circuits))


def _why(one: _Judged, best: _Judged, group: Sequence[_Judged], figure: str) -> str:
    """Return why a candidate is first, or what it lost by: its scheme, or what errors take of it."""
    mine, theirs = one.estimate(figure), best.estimate(figure)
    assert mine is not None
    assert theirs is not None
    words = [] if one.trial.candidate.same else ["it does not do what was asked"]
    if one.trial.twin and one is not best:
        words.append(f"the same circuits as {one.trial.twin}")
    if not one.computed:
        words.append("by its expected number of errors alone")
    if one is best:
        others = [own for own in group if own is not best and own.trial.candidate.same]
        words.append(_first_words(mine, one.merit(figure) - others[0].merit(figure) if others else None))
    else:
        words.append(_lost_words(one, best, mine, theirs, figure))
    return "; ".join(words)


def _first_words(mine: Estimate, lead: float | None) -> str:
    lost = (
        mine.bound is not None and (mine.best - mine.bound.value) * (1 if mine.better == "more" else -1) <= 0
    )
    beaten = "; it does not beat the bound" if lost else ""
    if lead is None:
        return f"the only one{beaten}"
    return f"the best, by {_short(lead)}{beaten}" if lead > TIE else f"the best, with others{beaten}"


def _lost_words(one: _Judged, best: _Judged, mine: Estimate, theirs: Estimate, figure: str) -> str:
    behind = best.merit(figure) - one.merit(figure)
    if abs(behind) <= TIE:
        return "as good as the best"
    words = f"{_short(abs(behind))} {'behind' if behind > 0 else 'ahead of'} {best.trial.candidate.name}"
    if mine.theory is None or theirs.theory is None:
        return f"{words}: two-qubit gates {_gates(one)} against {_gates(best)}"
    ideals = mine.theory.value, theirs.theory.value
    ideal, best_ideal = map(_short, ideals)
    loss, best_loss = (_short(abs(a - b.best)) for a, b in zip(ideals, (mine, theirs), strict=True))
    return (
        f"{words}: {ideal} without errors against {best_ideal}, of which errors take {loss} against "
        f"{best_loss} (two-qubit gates {_gates(one)} against {_gates(best)}, qubits {_qubits(one)} against "
        f"{_qubits(best)})"
    )


def _short(value: float) -> str:
    return f"{value:.4f}"


def _gates(one: _Judged) -> int:
    return one.cost.two_qubit_gates


def _unranked(trial: Trial, judged: Sequence[_Judged], figure: str | None) -> Ranked:
    """Return a candidate that does not run on a target, or has another figure."""
    why, placed = trial.refused, next((one for one in judged if one.trial is trial), None)
    if placed is not None:
        name = placed.main.name if placed.main else "none"
        why = placed.refused or f"its figure is {name}, which is not compared with {figure}"
    return Ranked(
        name=trial.candidate.name,
        title=trial.candidate.title,
        target=trial.target,
        rank=None,
        expected=None,
        kind=None,
        ideal=None,
        classical=None,
        per_copy=None,
        two_qubit_gates=None if placed is None else _gates(placed),
        qubits=None if placed is None else _qubits(placed),
        copies=None if placed is None else placed.copies,
        rates=None if placed is None else placed.rates,
        same=trial.candidate.same,
        why=why,
        command=trial.command,
    )
