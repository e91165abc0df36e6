"""How good a device must be: how the factor on its errors is found at which a verdict flips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.mechanisms import MECHANISMS, Factors, at_limit, only_used, scaled_apart
from qcoord_hw.execution.scale import MAX_SCALE
from qcoord_hw.report.crossing import Crossing, crossing
from qcoord_hw.report.plan import Outlook, links_of
from qcoord_hw.report.threshold_answer import Factor, Mechanism, Threshold

if TYPE_CHECKING:
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.run import Progress
    from qcoord_hw.execution.snapshot import Snapshot

EXPECTED = 8
"""Evaluations that finding a factor takes, about."""

SAME = 1e-8
"""Figures that differ by less are the same: expected counts are whole numbers."""


class _Errors:
    """The figure as a function of the errors, evaluated on circuits that were compiled once."""

    def __init__(self, forecast: Forecast, progress: Progress | None, outlook: Outlook | None = None) -> None:
        """Take the main figure of an experiment and the calibration under it.

        Raises:
            InputError: when there are no errors to scale, or no bound.
            TooLargeError: when the figure is not exact.
        """
        name, target = forecast.description["name"], forecast.device.name
        calibration = forecast.prepared.snapshot
        if not forecast.noisy or calibration is None:
            raise InputError(
                f"target: {target} states no errors; allowed are fake_NAME and backends that state some"
            )
        exact = forecast.is_exact
        self._outlook = outlook or Outlook(forecast)
        main = self._outlook.main
        if main is None or main.bound is None:
            raise InputError(f"threshold: {name} has no bound to lose; allowed are experiments that have one")
        if not exact and main.origin != "computed":
            raise TooLargeError(
                f"threshold: the figure of {name} on {target} has to be sampled; allowed are circuits whose "
                "outcome probabilities are exact"
            )
        self.main, self.bound = main, main.bound.value
        self.calibration = only_used(calibration, forecast.prepared.circuits)
        self.evaluations = 0
        self.left = 1 + len(MECHANISMS)
        self._progress = progress

    def figure(self, calibration: Snapshot) -> float:
        """Return the figure with another calibration of the same qubits."""
        prepared = replace(self._outlook.forecast.prepared, snapshot=calibration)
        found = self._outlook.expected(prepared)
        self.evaluations += 1
        if self._progress is not None:
            self._progress(self.evaluations, self.evaluations + EXPECTED * self.left)
        return found

    def margin(self, figure: float) -> float:
        """Return how far a figure is beyond its bound, on the side that is better."""
        return self.bound - figure if self.main.better == "less" else figure - self.bound


def find_threshold(forecast: Forecast, progress: Progress | None = None) -> Threshold:
    """Return the factor on all errors at which the verdict flips, and what each mechanism has to do with it.

    Args:
        forecast: the experiment where it would run.
        progress: called with (evaluations done, evaluations in all, about).

    Raises:
        InputError: when there are no errors to scale, no bound, or one that is not beaten without errors.
        TooLargeError: when the figure is not exact.
    """
    errors = _Errors(forecast, progress)
    name, target, here = forecast.description["name"], forecast.device.name, errors.main.best
    factor, ideal, curve = _of_all(errors, forecast)
    mechanisms = [_mechanism(errors, mechanism, ideal, here) for mechanism in MECHANISMS]
    points = sorted(curve.items())
    falling = all(
        errors.margin(after) < errors.margin(before) + SAME
        for (_, before), (_, after) in zip(points, points[1:], strict=False)
    )
    return Threshold(
        experiment=name,
        target=target,
        layout=list(forecast.prepared.layout),
        figure=errors.main.name,
        title=errors.main.title,
        ideal=ideal,
        value=here,
        loss=abs(ideal - here),
        bound=errors.bound,
        factor=factor,
        mechanisms=mechanisms,
        curve=points,
        falling=falling,
        evaluations=errors.evaluations,
        links=links_of(forecast),
        idle_noise=forecast.prepared.idle_noise,
        noise=forecast.prepared.noise,
    )


def find_factor(forecast: Forecast, outlook: Outlook | None = None) -> Factor:
    """Return the factor on all errors alone at which the verdict flips: see `find_threshold`.

    Args:
        forecast: the experiment where it would run.
        outlook: what is expected there, if that is known already.

    Raises:
        InputError: as `find_threshold`.
        TooLargeError: as `find_threshold`.
    """
    return _of_all(_Errors(forecast, None, outlook), forecast)[0]


def _of_all(errors: _Errors, forecast: Forecast) -> tuple[Factor, float, dict[float, float]]:
    """Return the factor on all errors, the figure without any, and the figure by factor.

    Raises:
        InputError: when the bound is not beaten without errors, or errors take nothing.
    """
    here = errors.main.best
    name, target = forecast.description["name"], forecast.device.name
    ideal = errors.figure(errors.calibration.scaled(0.0))
    if errors.margin(ideal) <= 0:
        raise InputError(
            f"threshold: {name} does not beat its bound {errors.bound:.6g} without errors "
            f"either ({ideal:.6g}); allowed are experiments that do"
        )
    if abs(ideal - here) < SAME:
        raise InputError(
            f"target: the errors of {target} take nothing from {name}; allowed are those whose errors do"
        )
    curve = {0.0: ideal, 1.0: here}
    factor = _find(errors, errors.calibration.scaled, curve, 2.0 if errors.margin(here) > 0 else 0.5)
    errors.left -= 1
    assert factor is not None
    return factor, ideal, curve


def _mechanism(errors: _Errors, name: str, ideal: float, here: float) -> Mechanism:
    """Return the share of a mechanism in the loss, and the factor at which it alone flips the verdict."""

    def scaled(factor: float) -> Snapshot:
        return scaled_apart(errors.calibration, Factors.of(name, factor, others=1.0))

    only = errors.figure(scaled_apart(errors.calibration, Factors.of(name, 1.0, others=0.0)))
    without = errors.figure(scaled(0.0))
    share = (ideal - only + without - here) / (2 * (ideal - here))
    slope = errors.margin(without) - errors.margin(here)
    guess = 1 + errors.margin(here) / slope if slope > 0 else MAX_SCALE
    factor = _find(errors, scaled, {0.0: without, 1.0: here}, guess)
    errors.left -= 1
    return Mechanism(name, None if factor is None else factor.value, share, factor)


def _find(
    errors: _Errors, scaled: Callable[[float], Snapshot], curve: dict[float, float], guess: float
) -> Factor | None:
    """Return where the verdict flips; None where it is lost at factor 0.

    Args:
        errors: the figure.
        scaled: calibration at a factor.
        curve: factor -> figure, where it is known; what is evaluated is added.
        guess: a factor to begin with.
    """

    def margin(factor: float) -> float:
        if factor not in curve:
            curve[factor] = errors.figure(scaled(factor))
        return errors.margin(curve[factor])

    found: Crossing | None = crossing(margin, guess)
    if found is None:
        return None
    ends = found.upper is None or found.lower == 0
    return Factor(found.value, found.lower, found.upper, ends or at_limit(scaled(found.value)))
