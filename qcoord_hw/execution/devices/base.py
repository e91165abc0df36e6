"""What a device does, whoever sells it: prepare circuits, take jobs, find them again, return results.

Imports neither Qiskit nor a client, so that a vendor can be looked up at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import TargetError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.providers import BackendV2

    from qcoord_hw.execution.job_options import JobOptions
    from qcoord_hw.execution.program import Program
    from qcoord_hw.execution.targets import Prepared

KIND = "device"
"""Of a run on a device, as a record keeps it, where its vendor has no word of his own."""

Pub = tuple["QuantumCircuit", "tuple[float, ...] | None"]
"""A circuit, and values of its parameters in their order; None where it has none."""


class RefusedError(TargetError):
    """The device will not take a job, whatever is tried; the message is its reason."""


class UnreadableError(TargetError):
    """A job is done but its result is not whole."""


@dataclass(frozen=True)
class Limits:
    """What one job may hold.

    Attributes:
        circuits: how many.
        shots: of each circuit.
        executions: shots of all circuits together.
    """

    circuits: int = 500
    shots: int = 10_000_000
    executions: int = 10_000_000


@dataclass(frozen=True)
class Summary:
    """A device in a few figures: medians over its qubits and couplings; None where they are not stated.

    Attributes:
        qubits: how many it has.
        calibrated: when, in ISO format and UTC.
        two_qubit_error: of the gates on two qubits, 1 - average gate fidelity.
        one_qubit_error: of its pulses on one qubit (sx, or u2 on older devices).
        readout_error: the mean of both outcomes.
        t1_us: relaxation time in microseconds.
        t2_us: dephasing time in microseconds.
    """

    qubits: int | None = None
    calibrated: str | None = None
    two_qubit_error: float | None = None
    one_qubit_error: float | None = None
    readout_error: float | None = None
    t1_us: float | None = None
    t2_us: float | None = None


@dataclass(frozen=True)
class JobState:
    """What a device says of a job: a state of the journal (`qcoord_hw.record.journal`), and why."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class Returned:
    """What came back for a job.

    Attributes:
        result: JSON, an object with one entry for each of its circuits under one of two keys: `pubs`, by
            register the bits of every shot (`bits`, `shots`, `base64` of the packed bits, most significant
            byte first), or `counts`, outcome (classical bit 0 first) -> shots.
        properties: JSON: the device's properties when it ran; None if the device does not tell.
        usage_seconds: what is charged; None if unknown.
    """

    result: bytes
    properties: bytes | None = None
    usage_seconds: float | None = None


class Device(ABC):
    """A machine of a vendor, connected: what `submit`, `status`, `collect` and `plan` work on.

    A job has one number of shots for all its circuits and carries a tag. Whatever a method raises that is no
    `QcoordError` is told in one line; a token must stand in none of it.

    Attributes:
        name: as it is typed after `--target`; a record keeps it, and another process connects by it.
        backend: what circuits are compiled for, and where calibration is taken from.
        kind: of its runs, as a record keeps it.
        method: how it executes circuits, in words for a record.
        limits: of one job.
        searchable: whether `find` can tell that there is no job with a tag. Where it cannot, a process that
            ends while it sends leaves a doubt, and the job is sent again: at most one duplicate for each
            interruption.
        takes: the fields of `JobOptions` that it heeds beside `jobs`.
        compiles: whether its provider compiles for it, so that nothing is known of its gates beforehand.
    """

    name: str
    backend: BackendV2
    kind: str = KIND
    method: str = "backend.run"
    limits: Limits = Limits()
    searchable: bool = False
    takes: tuple[str, ...] = ("tiles",)
    compiles: bool = True

    @abstractmethod
    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Choose ONE layout for all circuits (or check the one given) on each tile, and compile for it.

        Raises:
            InputError: when the layout or so many tiles are not possible.
            TooLargeError: when the circuits do not fit.
            TargetError: when they cannot be compiled.
        """

    @abstractmethod
    def submit(
        self, pubs: Sequence[Pub], shots: int, tag: str, options: JobOptions, together: Any = None
    ) -> tuple[str, ...]:
        """Send ONE job, once, and return its id; behind it those of twins, if there are any.

        Args:
            pubs: the circuits, as they were prepared, with the values of their parameters.
            shots: of each circuit.
            tag: unique to this job.
            options: of the run's jobs.
            together: what `batch` opened; None for a job of its own.

        Raises:
            RefusedError: when the device will not take it.
            TargetError: when it cannot be told whether the device has it.
        """

    @abstractmethod
    def state(self, job_id: str, tag: str) -> JobState:
        """Return how far a job is: `queued`, `running`, `done`, `failed`, `cancelled`, or `unreadable`."""

    @abstractmethod
    def fetch(self, job_id: str, circuits: Sequence[QuantumCircuit], shots: int) -> Returned:
        """Return what a job that is done made.

        Args:
            job_id: the job.
            circuits: those that were sent, in order.
            shots: how many of each were asked for.

        Raises:
            UnreadableError: when it is not whole.
        """

    def find(self, tag: str, *, patient: bool = False) -> tuple[str, ...] | None:
        """Return the ids of the jobs with a tag, the one that counts first; None where it cannot be searched.

        Args:
            tag: of the job.
            patient: look more than once: the job may be on its way into the device's list.
        """
        return None

    def check(self, circuits: Sequence[QuantumCircuit]) -> None:
        """Check that circuits can be executed as they are, today.

        Raises:
            TargetError: naming the circuit and what does not fit.
        """
        return None

    def check_open(self) -> None:
        """Check that the device takes jobs now.

        Raises:
            TargetError: with what to do if it does not.
        """
        return None

    def batch(self) -> AbstractContextManager[Any]:
        """Open what queues jobs together; only asked for where `takes` has `mode`."""
        return nullcontext()

    def remaining_seconds(self) -> float | None:
        """Return the seconds that the account has left; None where it has no limit or does not tell."""
        return None
