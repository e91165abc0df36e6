"""The circuits of the rows, run on aer and on one further target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qcoord_hw.api import run
from qcoord_hw.errors import InputError, QcoordError
from qcoord_hw.execution.devices.registry import device_name
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.papers.answer import RunFigure
from qcoord_hw.spec import short_repr
from qcoord_hw.statistics.estimate import headline_of

AER_CONFIDENCE = 0.9999
"""Of the intervals: a seed is fixed, and theory has to lie within those of an ideal simulation."""


class Runner:
    """Runs each experiment once on each target."""

    def __init__(self, target: Any, shots: int, seed: int, runs: str | Path | None) -> None:
        """Set what is the same for all.

        Args:
            target: beside aer.
            shots: per circuit.
            seed: root seed of each run.
            runs: the folder of all runs.

        Raises:
            InputError: when the target is a device, or none that is known.
        """
        if device_name(target) is not None:
            raise InputError(
                f"target: {short_repr(target)}; allowed here are aer and noise models: nothing is sent"
            )
        resolve_target(target)  # what is wrong is said before anything is computed
        self._shots, self._seed, self._runs = shots, seed, runs
        self._targets = ["aer", *([] if target == "aer" else [target])]
        self._known: dict[str, list[RunFigure]] = {}
        self.name = str(getattr(target, "name", target))

    def __call__(self, experiment: str) -> list[RunFigure]:
        """Return what an experiment showed on both targets.

        Raises:
            QcoordError: as `run`; with the name of the experiment.
        """
        if experiment not in self._known:
            self._known[experiment] = [self._run(experiment, target) for target in self._targets]
        return self._known[experiment]

    def _run(self, experiment: str, target: Any) -> RunFigure:
        try:
            result = run(
                experiment,
                target=target,
                shots=self._shots,
                seed=self._seed,
                runs=self._runs,
                confidence=AER_CONFIDENCE,
            )
        except QcoordError as error:
            raise type(error)(f"{experiment}: {error}") from None
        figure = headline_of(result.estimates)
        if figure is None:
            raise QcoordError(f"{experiment}: no estimate on {target}")
        return RunFigure(
            experiment=experiment,
            target=str(result.summary["target"]),
            figure=figure.short,
            low=figure.low,
            best=figure.best,
            high=figure.high,
            theory=None if figure.theory is None else figure.theory.value,
            verdict=figure.verdict,
            run=str(result.path),
        )
