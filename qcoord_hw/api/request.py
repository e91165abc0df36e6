"""What is to be executed, apart from where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.spec import ExperimentSpec

if TYPE_CHECKING:
    from qcoord_hw.api.building import Built
    from qcoord_hw.execution.program import Program


@dataclass(frozen=True, eq=False)
class RunRequest:
    """What is to be executed, apart from where: as a record describes it, and as circuits."""

    description: dict[str, Any]
    program: Program
    spec: ExperimentSpec
    seed: int
    runs: Path

    @classmethod
    def of(cls, built: Built, seed: int, runs: Path) -> RunRequest:
        """Return the order to execute an experiment with a root seed, into a folder of runs."""
        from qcoord_hw.execution.run_description import describe, program_of

        program = program_of(built.experiment, built.spec.links)
        return cls(describe(built.experiment), program, built.spec, seed, runs)
