"""What a run would cost and show: how the numbers of a plan are made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw import registry
from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.job_options import MAX_JOBS
from qcoord_hw.execution.usage import JOB_OVERHEAD, OVERHEAD
from qcoord_hw.record import Job, RunRecord, processed
from qcoord_hw.report.plan_answer import NO_ERRORS, Account, EdgeBill, Place, Plan, Tiling
from qcoord_hw.spec import check_integer
from qcoord_hw.statistics.estimate import Estimate, headline_of
from qcoord_hw.statistics.shots import FIVE_SIGMA, fewest, shots_for_verdict, shots_for_width

if TYPE_CHECKING:
    from qcoord_hw.execution.expectation import Expectation
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.targets import Prepared

LISTED = 10
"""Sets of qubits that are ranked."""

SHOTS = 10**9
"""Shots a circuit at which figures are expected: so many that none hangs on rounding."""

WIDTHS = (2**14, 2**18, 2**22)
"""Shots a circuit from which the width of an interval is carried on to fewer or more."""

FEW, DRAWS = 2**12, 3
"""Shots a circuit up to which runs are drawn, and how many, to see at how many shots most of them decide."""

SECONDS = 1.0
"""Time for simulations of other layouts than that of the plan; the others are interpolated."""


_BINOMIAL = "clopper-pearson"
"""The method of estimates that are shares of all shots, which an exact binomial test judges."""


class Outlook:
    """What is expected of an experiment on one set of qubits or another."""

    def __init__(self, forecast: Forecast) -> None:
        """Compute what is expected where a run would stand.

        Raises:
            TooLargeError: when the target is a simulator that cannot run the circuits.
        """
        self.forecast = forecast
        self._family = registry.family_of_kind(forecast.description["play"]["kind"])
        self.here: Expectation | None = None
        self.estimates: tuple[Estimate, ...] = ()
        self.cautions: tuple[str, ...] = ()
        try:
            self.here = forecast.expect(figures=True)
        except TooLargeError:
            if forecast.device.simulated:
                raise
        if self.here is not None:
            analysis = self._family.analyse(processed(self.here.record(SHOTS)), 0.95)
            self.estimates, self.cautions = analysis.estimates, analysis.cautions
        self._simulations = int(SECONDS / forecast.work) if self.here is not None else 0
        self.main = headline_of(self.estimates)
        self._anchors: tuple[float, float, float] | None = None

    def figure(self, record: RunRecord, confidence: float = 0.95) -> Estimate:
        """Return the estimate of the main figure."""
        assert self.main is not None
        name = self.main.name
        return next(e for e in self._family.estimates(processed(record), confidence) if e.name == name)

    @property
    def less_is_better(self) -> bool:
        """Whether the main figure is the better the smaller it is."""
        return self.main is not None and self.main.better == "less"

    def at(self, places: Sequence[tuple[float, tuple[int, ...]]]) -> list[Place]:
        """Return layout, expected number of errors and main figure of some places.

        As many of the first ones are simulated as there should be time for; the rest is interpolated.
        """
        rows = []
        for k, (errors, layout) in enumerate(places):
            value, method = None, None
            if self.main is not None:
                simulated = layout == self.forecast.prepared.layout or k < self._simulations
                value = self._simulated(layout) if simulated else self.interpolated(errors)
                method = "simulated" if simulated else "interpolated"
            rows.append(Place(layout, errors, value, method))
        return rows

    def _simulated(self, layout: tuple[int, ...]) -> float:
        assert self.main is not None
        own = layout == self.forecast.prepared.layout
        return self.main.best if own else self.expected(self.forecast.at(layout))

    def expected(self, prepared: Prepared) -> float:
        """Return the main figure that is expected of circuits as compiled, with their calibration."""
        assert self.main is not None
        figures = self.main.origin == "computed"
        return self.figure(self.forecast.expect(prepared, figures=figures).record(SHOTS)).best

    def interpolated(self, errors: float) -> float:
        """Return mixed + (ideal - mixed) f^errors, with f such that it holds on the layout of the plan."""
        if self._anchors is None:
            assert self.main is not None
            ends = (self.forecast.ideal(), self.forecast.mixed())
            ideal, mixed = (self.figure(expected.record(SHOTS)).best for expected in ends)
            own = self.forecast.errors(self.forecast.prepared.layout)
            kept = (self.main.best - mixed) / (ideal - mixed) if ideal != mixed else 1.0
            fits = 0 < kept < 1 and own > 0
            self._anchors = (ideal, mixed, math.log(kept) / own if fits else -1.0)
        ideal, mixed, rate = self._anchors
        return mixed + (ideal - mixed) * math.exp(rate * errors)

    def shots_for_verdict(self) -> int | None:
        """Return the shots of all circuits together that put the main figure above its bound at 5 sigma.

        None where there is no bound or the figure is not expected above it; at least one shot per circuit.
        """
        main = self.main
        if self.here is None or main is None or main.bound is None or main.best <= main.bound.value:
            return None
        bound = main.bound.value
        if main.method == _BINOMIAL:
            try:
                trials = shots_for_verdict(main.best, bound, FIVE_SIGMA)
            except InputError:  # too near the bound for any number
                return None
            each = main.shots / self.here.shots(SHOTS)  # several rounds may share a shot
            return None if trials is None else math.ceil(trials / each)
        here, confidence = self.here, 1 - 2 * FIVE_SIGMA
        found = {n: self.figure(here.record(n), confidence) for n in (FEW, *WIDTHS)}
        widths = {n: found[n].best - found[n].low for n in WIDTHS}
        shots = shots_for_width(widths, main.best - bound)

        def above(n: int) -> bool:
            if n > FEW:
                return self.figure(here.record(n), confidence).low > bound
            seen = [0, 0]
            for seed in range(DRAWS):
                seen[self.figure(here.draw(n, seed), confidence).low > bound] += 1
                if 2 * max(seen) > DRAWS:  # the others change nothing
                    break
            return seen[True] > seen[False]

        enough = next((n for n, estimate in found.items() if estimate.low > bound), None)
        if enough is not None:  # the widths of intervals follow no simple law where shots are few
            shots = fewest(above, min(enough, shots or enough))
        return None if shots is None else max(self.here.shots(shots), self.forecast.circuits)


def summarise_plan(forecast: Forecast, jobs: int = 1) -> Plan:
    """Return the plan of a run: what it takes, where it would stand, and what is expected of it.

    Args:
        forecast: the experiment on its device.
        jobs: in how many jobs it is sent, at least.

    Raises:
        InputError: when the number of jobs is not allowed.
        TooLargeError: when a simulator cannot run the circuits.
    """
    check_integer("jobs", jobs, 1, MAX_JOBS)
    outlook, least = Outlook(forecast), jobs
    device, main = forecast.device, outlook.main
    prepared = forecast.sent or forecast.prepared
    cost = forecast.cost(prepared)
    known = device.snapshot is not None
    executions = forecast.circuits * forecast.spec.shots
    if device.foreign is not None:
        if jobs != 1:
            raise InputError(f"jobs: {jobs}; target {device.name} gets as many as it takes, allowed is none")
        jobs, executions = forecast.foreign_jobs()
    elif known or device.connection is not None:
        sent = forecast.jobs(jobs)
        jobs = len(sent)
        executions = _executions(sent)
    overhead = JOB_OVERHEAD * jobs if known else None
    seconds = _seconds(forecast, executions, cost.duration)
    verdict = outlook.shots_for_verdict()
    ranked = outlook.at(forecast.candidates(LISTED))
    sign = 1 if outlook.less_is_better else -1
    ranked.sort(key=lambda place: sign * (place.expected or 0.0))
    tiling = _tiling(forecast, outlook)
    bill = _edges(forecast, outlook, least, cost.duration) if forecast.spec.every_edge else None
    return Plan(
        experiment=forecast.description["name"],
        target=device.name,
        shots=forecast.spec.shots,
        circuits=forecast.circuits,
        known_answer=forecast.known_answer,
        executions=executions,
        two_qubit_gates=cost.two_qubit_gates,
        depth=cost.depth,
        duration_us=_micro(cost.duration),
        qpu_seconds=seconds,
        overhead_seconds=overhead,
        overhead=OVERHEAD if known else None,
        jobs=jobs,
        account=_account(device.remaining, *_charged(bill) if bill else (seconds, overhead)),
        layout=list(prepared.layout) or None,
        ranked=ranked if known and forecast.noisy else None,
        tiles=len(tiling.layouts) if tiling else 0 if known else None,
        tiling=tiling,
        shots_for_verdict=verdict,
        seconds_for_verdict=None if verdict is None else _seconds(forecast, verdict, cost.duration),
        expected=None if main is None else main.best,
        expected_kind=None if main is None else expected_kind(forecast),
        figure=None if main is None else main.name,
        figures={estimate.name: estimate.best for estimate in outlook.estimates},
        titles={estimate.name: estimate.title for estimate in outlook.estimates},
        theory=main.theory.value if main and main.theory else None,
        bound=main.bound.value if main and main.bound else None,
        holders=forecast.description["play"].get("holders", {}),
        edges=bill,
        links=links_of(forecast),
        idle_noise=forecast.prepared.idle_noise if forecast.noisy else None,
        notes=[*forecast.description["play"].get("notes", ()), *_notes(forecast, outlook, cost.duration)],
    )


def links_of(forecast: Forecast) -> dict[str, Any] | None:
    """Return what links cost and do, as the summary of a run has it; None where they cost nothing."""
    if not forecast.spec.links:
        return None
    from qcoord_hw.execution.link_figures import link_figures

    found = link_figures(forecast.description, forecast.program, forecast.spec, forecast.prepared)
    told = forecast.link_patterns()
    patterns = {} if told is None else {"patterns": told}
    return {"costs": forecast.spec.to_json()["links"], **found, **patterns}


def expected_kind(forecast: Forecast) -> str:
    """Return what kind of figure is expected."""
    if forecast.noisy:
        return "noise model"
    if forecast.prepared.noisy:
        return "links"
    device = forecast.device
    nothing = forecast.sent is None and device.backend is None and device.noise is None
    return "ideal" if nothing else NO_ERRORS


def _tiling(forecast: Forecast, outlook: Outlook) -> Tiling | None:
    """Return what running disjoint tiles at once takes, for as many shots in all; None where none fits."""
    tiles = forecast.tiles()
    if not tiles:
        return None
    costs = [forecast.cost(forecast.at(layout)) for _, layout in tiles]
    durations = [cost.duration for cost in costs if cost.duration is not None]
    longest = max(durations) if len(durations) == len(costs) else None
    executions = forecast.circuits * math.ceil(forecast.spec.shots / len(tiles))
    return Tiling(
        layouts=[layout for _, layout in tiles],
        worst=outlook.at([max(tiles)])[0],
        executions=executions,
        duration_us=_micro(longest),
        qpu_seconds=_seconds(forecast, executions, longest),
    )


def _executions(jobs: Sequence[Job]) -> int:
    return sum((len(job.chunks) + job.known_answer) * job.shots for job in jobs)


def _charged(bill: EdgeBill) -> tuple[float | None, float | None]:
    return bill.qpu_seconds, bill.overhead_seconds


def _edges(forecast: Forecast, outlook: Outlook, least: int, duration: float | None) -> EdgeBill:
    """Return what a run on every coupling would take, in so many jobs at least."""
    places = forecast.every_edge()
    batches, main = len({batch for _, batch in places}), outlook.main
    jobs = forecast.jobs(least, batches)
    executions = _executions(jobs)
    above = None
    if main is not None and main.bound is not None and forecast.noisy:
        found = outlook.at([(forecast.errors(layout), layout) for layout, _ in places])
        above = sum(place.expected is not None and place.expected > main.bound.value for place in found)
    return EdgeBill(
        couplings=len(places),
        batches=batches,
        executions=executions,
        qpu_seconds=_seconds(forecast, executions, duration),
        overhead_seconds=JOB_OVERHEAD * len(jobs),
        jobs=len(jobs),
        expected_above=above,
    )


def _seconds(forecast: Forecast, executions: int, duration: float | None) -> float | None:
    """Return QPU seconds of some executions, without overhead; None without a device."""
    if forecast.device.snapshot is None:
        return None
    return executions * (forecast.device.rep_delay[0] + (duration or 0.0))


def _micro(seconds: float | None) -> float | None:
    return None if seconds is None else round(1e6 * seconds, 6)


def _account(remaining: float | None, seconds: float | None, overhead: float | None) -> Account | None:
    if remaining is None or seconds is None or overhead is None:
        return None
    return Account(remaining, seconds + overhead <= remaining)


def _notes(forecast: Forecast, outlook: Outlook, duration: float | None) -> list[str]:
    """Return what the numbers rest on."""
    device = forecast.device
    notes = []
    if forecast.known_answer is not None:
        notes.append(
            f"executions: {forecast.known_answer} of them are of one circuit whose answer is known, in the "
            "first job; nothing is estimated if another answer comes"
        )
    if outlook.main is not None and expected_kind(forecast) == NO_ERRORS:
        notes.append(f"{NO_ERRORS}: {_no_errors(forecast)}, so the figures are those without noise")
    if device.snapshot is None:
        return [
            *notes,
            f"{device.name} is no device: there are no qubits to choose, no durations and no QPU seconds",
        ]
    delay, source = device.rep_delay
    notes += [
        f"QPU time: executions x (rep_delay {1e6 * delay:g} us + duration); rep_delay is {source}",
        f"overhead: {OVERHEAD}",
    ]
    if outlook.main is not None and outlook.main.bound is not None:
        notes.append("for a verdict: so many shots put the expected figure there; half the runs fall short")
    if duration is None:
        notes.append(f"{device.name} does not state all durations: the circuits count as taking no time")
    elif forecast.feeds_forward:
        notes.append("gates hang on outcomes: the duration is that of the longest branches, latency left out")
    if outlook.main is None:
        notes.append("no figure is expected: the circuits are too large for every simulation method")
    elif forecast.noisy:
        notes.append(f"expected: this calibration's noise model: {forecast.prepared.noise}")
    return notes + [f"CAUTION: {caution}" for caution in outlook.cautions]


def _no_errors(forecast: Forecast) -> str:
    """Return why a figure is the ideal one."""
    if forecast.device.states_errors:
        return f"{forecast.device.name} has gates of which no noise model is known here"
    return f"{forecast.device.name} states no rate of errors"
