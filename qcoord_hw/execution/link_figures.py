"""What links that cost do to an experiment: exact figure, how often a shot succeeds, where a verdict is lost.

No shots: figures are those of exact outcome probabilities, as in a plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from qcoord_hw import registry
from qcoord_hw.errors import TargetError, TooLargeError
from qcoord_hw.execution.forecast import Device, Forecast
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.run_description import route_costs
from qcoord_hw.execution.targets import (
    IDEAL,
    NOISE,
    IdealTarget,
    Prepared,
    compile_for,
    executed_settings,
)
from qcoord_hw.network.links import MAX_KM, OVERHEAD, LinkCost, Route, read_links
from qcoord_hw.record import processed
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.statistics.estimate import headline_of

BY_CALIBRATION = "noise model of the calibration"
BY_LINKS = "links alone, the target's own errors left out"

SHOTS = 10**9
"""Shots a circuit at which figures are computed: so many that none hangs on rounding."""

MOST_WORK = 3.0
"""Seconds, roughly, beyond which one figure is computed but no threshold, which takes about ten."""

FEW = 16
"""Inputs, of those that stand for all, by which a threshold is looked for where they are many."""

PRECISION = 1e-7


@dataclass(frozen=True)
class _Headline:
    """The figure that stands for an experiment, and how far it is on the better side of its bound."""

    name: str
    value: float
    margin: float | None


def link_figures(
    description: dict[str, Any], program: Program, spec: ExperimentSpec, prepared: Prepared
) -> dict[str, float | str | None]:
    """Return what links do to an experiment as it would be executed.

    Args:
        description: what `run_description.describe` returned for the experiment.
        program: its circuits as built, and settings.
        spec: with the links.
        prepared: the circuits as executed, on a simulator.

    Returns:
        `figure` (its name) and `expected` (its exact value; null where shots would have to be simulated one
        by one); `success_probability` of a shot; a second, `rounds_per_s`, shots in which everything arrives,
        and `qubits_per_s`, qubits that cross in them;
        `critical_visibility`: v on every crossing of the links named, rho -> v rho + (1-v) I/2, all else that
        links cost left out, at which the figure meets its bound; `critical_km`: the length of the longest of
        the links, all of them in proportion, at which it does. Null where the figure never meets it.
        On a target that is no simulator of ours figures are those of a simulation, `by` says which.
    """
    if prepared.kind in (IDEAL, NOISE):
        return _Links(Forecast(description, program, spec, Device(prepared.target), prepared)).to_json()
    twin = _twin(program, prepared)
    found = _Links(Forecast(description, program, spec, Device(prepared.target), twin)).to_json()
    return found | {"by": BY_CALIBRATION if twin.kind == NOISE else BY_LINKS}


def _twin(program: Program, prepared: Prepared) -> Prepared:
    """Return a simulation of what somebody else's target executes: by its calibration, where that goes."""
    used = prepared.snapshot
    if used is not None and used.states_errors:
        with suppress(TargetError):  # they have to be routed, or its gates are none of which we know a model
            circuits = compile_for(used, program.circuits)
            settings = executed_settings(circuits, program.settings, program.routes, noisy=True)
            return Prepared(
                prepared.target,
                NOISE,
                circuits,
                prepared.layout,
                used,
                settings=settings,
                routes=program.routes,
                idle_noise=True,
            )
    return IdealTarget().prepare(program, ())


class _Links:
    def __init__(self, forecast: Forecast) -> None:
        self._forecast = forecast
        self._costs = read_links(forecast.spec.links)
        description = forecast.description
        self._family = registry.family_of_kind(description["play"]["kind"])
        self._events = description["circuits"]
        settings = forecast.program.settings
        every = list(self._family.representatives(len(settings)))
        framed = all(one.flips is not None for one in settings)  # inputs that are much the same
        self._few = every[:: -(-len(every) // FEW)] if framed else every

    def to_json(self) -> dict[str, float | str | None]:
        rates = _rates(self._costs, self._forecast.prepared.routes)
        here = self._figure(self._costs) if math.isfinite(self._forecast.work) else None
        tries = here is not None and here.margin is not None and self._forecast.work <= MOST_WORK
        return {
            "figure": None if here is None else here.name,
            "expected": None if here is None else here.value,
            **rates,
            "critical_visibility": self._critical_visibility() if tries else None,
            "critical_km": self._critical_km() if tries else None,
        }

    def _figure(self, costs: Mapping[str, LinkCost], *, few: bool = False) -> _Headline | None:
        """Return the headline with links of other costs; None where nothing can be expected.

        Args:
            costs: of each link by its key.
            few: whether some of the settings will do.
        """
        prepared, forecast = self._forecast.prepared, self._forecast
        routes, noisy = route_costs(self._events, costs), prepared.snapshot is not None
        settings = executed_settings(
            prepared.circuits, forecast.program.settings, routes, noisy=noisy, engine=prepared.engine
        )
        # Without readout errors inputs that are frames of one run differ in nothing that is scored.
        if not noisy and all(one.is_framed for one in settings[: len(forecast.program.settings)]):
            forecast = replace(forecast, chosen=tuple(self._few[:1]))
        elif few:
            forecast = replace(forecast, chosen=tuple(self._few))
        try:
            prepared = replace(prepared, routes=routes, settings=settings)
            record = forecast.expect(prepared, figures=True).record(SHOTS)
        except TooLargeError:
            return None
        main = headline_of(list(self._family.estimates(processed(record), 0.95)))
        if main is None:
            return None
        margin = None
        if main.bound is not None:
            margin = (main.best - main.bound.value) * (-1 if main.better == "less" else 1)
        return _Headline(main.name, main.best, margin)

    def _margin(self, costs: Mapping[str, LinkCost]) -> float:
        found = self._figure(costs, few=True)
        assert found is not None
        assert found.margin is not None
        return found.margin

    def _critical_visibility(self) -> float | None:
        def margin(v: float) -> float:
            return self._margin({key: LinkCost(depolarising=1 - v) for key in self._costs})

        return _root(margin, 1.0, 0.0)

    def _critical_km(self) -> float | None:
        costs = self._costs
        if not any(cost.hangs_on_distance for cost in costs.values()):
            return None
        stated = [cost.length_km for cost in costs.values() if cost.length_km]
        longest = max(stated, default=1.0)

        def margin(km: float) -> float:
            factor = km / longest
            return self._margin(
                {
                    key: replace(cost, length_km=(cost.length_km or 0) * factor if stated else km)
                    for key, cost in costs.items()
                }
            )

        near, far = 0.0, 1.0
        while margin(far) > 0:
            near, far = far, far * 4
            if far > MAX_KM:
                return None
        return _root(margin, near, far)


def _root(margin: Callable[[float], float], good: float, bad: float) -> float | None:
    """Return where a margin becomes 0 between two ends; None where it is not positive at the good one."""
    margin = cache(margin)
    if margin(good) <= 0 or margin(bad) > 0:
        return None
    from scipy.optimize import toms748  # slow to import

    return float(toms748(margin, min(good, bad), max(good, bad), xtol=PRECISION, rtol=PRECISION))


def _rates(costs: Mapping[str, LinkCost], routes: tuple[Route, ...]) -> dict[str, float]:
    """Return how often a shot succeeds, and what arrives a second, of the circuit that succeeds least."""
    success = min(route.success for route in routes)
    stated = [cost.attempts_per_s for cost in costs.values() if cost.attempts_per_s]
    slowest = max(cost.seconds for cost in costs.values()) + OVERHEAD
    attempts = min(stated) if stated else 1 / slowest
    crossing = max(len(route.crossings) for route in routes)
    return {
        "success_probability": success,
        "rounds_per_s": attempts * success,
        "qubits_per_s": attempts * success * crossing,
    }
