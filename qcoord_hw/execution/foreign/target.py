"""Any `BackendV2` or `BaseSamplerV2` as a target: its circuits compiled, sent in jobs, and read."""

from __future__ import annotations

from collections.abc import Sequence

from qiskit.primitives import BaseSamplerV2
from qiskit.providers import BackendV2

from qcoord_hw.errors import InputError
from qcoord_hw.execution.foreign.compiling import compile_foreign
from qcoord_hw.execution.foreign.guard import name_of, provider, stated
from qcoord_hw.execution.foreign.jobs import BackendJobs, ForeignExecutor, SamplerJobs
from qcoord_hw.execution.foreign.known import known_answer
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import BACKEND, SAMPLER, Prepared, check_no_tiles


class ForeignTarget:
    """A sampler, a backend, or a sampler with the backend that it runs on."""

    def __init__(
        self, sampler: BaseSamplerV2 | None, backend: BackendV2 | None, name: str | None = None
    ) -> None:
        """Wrap at least one of them, under a name if it is to be called by another than its own."""
        self.name = name or name_of(backend if backend is not None else sampler)
        self.backend = backend
        self.kind = BACKEND if sampler is None else SAMPLER
        self._sampler = sampler

    @classmethod
    def of(cls, target: BackendV2 | BaseSamplerV2, name: str | None = None) -> ForeignTarget:
        """Return the target that an object stands for."""
        if isinstance(target, BackendV2):
            return cls(None, target, name)
        backend = stated(target, "backend")
        if callable(backend) and not isinstance(backend, BackendV2):
            with provider(name_of(target)):
                backend = backend()
        return cls(target, backend if isinstance(backend, BackendV2) else None, name)

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Compile for the backend, by its provider's means; without one leave the circuits as they are.

        Raises:
            InputError: when tiles, or a layout that is not possible, are asked for.
            TooLargeError: when the circuits do not fit the backend.
            TargetError: when they cannot be compiled.
        """
        check_no_tiles(self.name, tiles)
        if self.backend is None:
            if layout:
                raise InputError(f"layout: {list(layout)}; target {self.name} states no physical qubits")
            known = known_answer(program.circuits[0])
            return Prepared(self.name, self.kind, program.circuits, settings=program.settings, known=known)
        with provider(self.name):
            made = compile_foreign(self.name, self.backend, program, layout)
        return Prepared(
            self.name,
            self.kind,
            made.circuits,
            made.layout,
            made.snapshot,
            settings=program.settings,
            known=made.known,
            bound=made.bound,
        )

    def executor(self, prepared: Prepared) -> ForeignExecutor:
        """Return what sends jobs to the target."""
        jobs: BackendJobs | SamplerJobs
        if self._sampler is not None:
            jobs = SamplerJobs(self.name, self._sampler)
        else:
            assert self.backend is not None
            jobs = BackendJobs(self.name, self.backend)
        return ForeignExecutor(prepared, jobs)
