"""The family of linear computations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.families.base import Candidate, JsonFile, Situation
from qcoord_hw.families.linear_computation.parameters import PARAMETERS, THEOREM_1
from qcoord_hw.families.room import FamilyInRoom

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.linear_computation.scoring import LinearScoring
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec, Plain
    from qcoord_hw.statistics.analysis import Analysis
    from qcoord_hw.statistics.estimate import Estimate, Limits


class LinearComputations(FamilyInRoom):
    """Linear computations over a quantum multiple-access channel."""

    name = "linear-computation"
    kind = "linear-computation"
    parameters = PARAMETERS
    samples = ("inputs", "inputs_seed")

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.linear_computation.circuits import build

        return build(spec)

    def scoring(self, play: dict[str, Any]) -> LinearScoring:
        """See `Family.scoring`."""
        from qcoord_hw.families.linear_computation.scoring import LinearScoring

        return LinearScoring.from_json(play)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.linear_computation.analysis import analyse_linear

        return analyse_linear(record, confidence)

    def estimates(self, record: RunRecord, confidence: float) -> Iterable[Estimate]:
        """See `Family.estimates`."""
        from qcoord_hw.families.linear_computation.analysis import linear_estimates

        return linear_estimates(record, confidence)

    def recognise(self, given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec | None:
        """Take a task file, a stabilizer file, a `LinearTask` and an `NSumBox`."""
        if isinstance(given, str) and given in catalogue_paths():
            return None
        from qcoord_hw.families.linear_computation.user_task import spec_of, spec_of_box
        from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
        from qcoord_hw.theory.linear_computation.stabilizer_files import FORMS, SUFFIXES, read_box
        from qcoord_hw.theory.linear_computation.task import LinearTask, read_task

        if isinstance(given, str) and given.endswith(tuple(SUFFIXES)):
            given = read_box(Path(given))
        elif isinstance(given, JsonFile) and given.has(*FORMS):
            given = read_box(given.path)
        elif isinstance(given, JsonFile) and given.has("servers", "field"):
            given = read_task(given.path)
        if isinstance(given, NSumBox):
            return spec_of_box(given).stating(parameters)
        return spec_of(given).stating(parameters) if isinstance(given, LinearTask) else None

    def complete(self, spec: ExperimentSpec, situation: Situation) -> ExperimentSpec:
        """Say which inputs are run."""
        from qcoord_hw.families.linear_computation.completion import complete

        return complete(spec, situation)

    def theorem(self, spec: ExperimentSpec) -> str:
        """See `Family.theorem`."""
        scheme = spec.options.get("scheme", THEOREM_1)
        return "[Hu2025, Theorem 1]" if scheme == THEOREM_1 else "beyond [Hu2025, Theorem 1]"

    def candidates(self, spec: ExperimentSpec) -> tuple[Candidate, ...]:
        """Return schemes over several fields, in batches, beyond Theorem 1, by other places and graphs."""
        from qcoord_hw.families.linear_computation.candidates import candidates

        return candidates(spec)

    def representatives(self, settings: int) -> Sequence[int]:
        """Let some inputs stand for all."""
        from qcoord_hw.families.linear_computation.completion import representatives

        return representatives(settings)

    def paired(self, before: RunRecord, after: RunRecord, confidence: float) -> Mapping[str, Limits]:
        """Compare two runs input by input, where the same were drawn."""
        from qcoord_hw.families.linear_computation.analysis import paired_runs

        return paired_runs(before, after, confidence)


FAMILY = LinearComputations()
