"""Any `BackendV2` whose jobs can be found again by their ids, as a device; compiled by its provider's means.

Nothing is taken on trust: the same compiling, reading and guarding as of a backend that runs at once
(`qcoord_hw.execution.foreign`), and the circuit whose answer is known goes with the first job.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qiskit.circuit import QuantumCircuit
from qiskit.providers import BackendV2

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.devices.base import KIND, Device, JobState, Limits, Pub, Returned, UnreadableError
from qcoord_hw.execution.foreign.compiling import Compiled, compile_foreign
from qcoord_hw.execution.foreign.guard import name_of, scrub, stated, words
from qcoord_hw.execution.foreign.jobs import BackendJobs
from qcoord_hw.execution.foreign.reading import read_result
from qcoord_hw.execution.job_options import JobOptions
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import Prepared, check_no_tiles, is_foreign, place
from qcoord_hw.record import journal
from qcoord_hw.spec import one_line

RETRIEVERS = ("retrieve_job", "restore_job", "job")
"""Methods of a backend, or of its provider, that return a job by its id."""

_STATES = {
    "INITIALIZING": journal.QUEUED,
    "QUEUED": journal.QUEUED,
    "VALIDATING": journal.QUEUED,
    "RUNNING": journal.RUNNING,
    "DONE": journal.DONE,
    "CANCELLED": journal.CANCELLED,
    "ERROR": journal.FAILED,
}
"""Name of a `JobStatus` of Qiskit -> state in the journal."""


class BackendDevice(Device):
    """A `BackendV2` of any provider, whose jobs another process finds again by their ids."""

    def __init__(
        self,
        backend: BackendV2,
        name: str | None = None,
        *,
        retrieve: Callable[[str], Any] | None = None,
        mark: Callable[[str], Mapping[str, Any]] | None = None,
        find: Callable[[str], Iterable[str]] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Wrap a backend.

        Args:
            backend: what circuits are compiled for and sent to.
            name: as it is typed after `--target`; the backend's own if omitted.
            retrieve: returns the job of an id; the first of `RETRIEVERS` that the backend or its provider has
                if omitted.
            mark: options of `backend.run` by which a job carries a tag: `lambda tag: {"job_name": tag}`.
            find: ids of the jobs that carry a tag, the oldest first; None if the vendor cannot be searched.
            limits: of one job; what the backend states as `max_circuits` and `max_shots` if omitted.

        Raises:
            TargetError: when nothing returns a job by its id.
        """
        self.name = name or name_of(backend)
        self.backend = backend
        self.limits = limits or _limits(backend)
        self.searchable = find is not None
        self._retrieve = retrieve or retriever(backend)
        self._mark, self._find = mark, find
        if self._retrieve is None:
            raise TargetError(f"target {self.name!r}: its jobs cannot be found again by their ids")

    @classmethod
    def of(cls, found: Any, name: str) -> BackendDevice | None:
        """Return what was found under a name as a device; None where it is none, or only simulated here."""
        if isinstance(found, BackendV2) and is_foreign(found) and retriever(found) is not None:
            return cls(found, name)
        return None

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Compile by the provider's means at ONE layout of each tile, with the known-answer circuit."""
        if tiles == 1:
            layouts: list[tuple[int, ...]] = [tuple(layout)]
        elif self.backend.target.build_coupling_map() is None:
            check_no_tiles(self.name, tiles)
        else:
            _, layouts = place(program, layout, Snapshot.of(self.backend), tiles)
        made = [compile_foreign(self.name, self.backend, program, one) for one in layouts]
        first, *others = [self._prepared(program, one) for one in made]
        return replace(first, tiles=tuple(others))

    def _prepared(self, program: Program, made: Compiled) -> Prepared:
        return Prepared(
            self.name,
            KIND,
            made.circuits,
            made.layout,
            made.snapshot,
            settings=program.settings,
            known=made.known,
            bound=made.bound,
        )

    def submit(
        self, pubs: Sequence[Pub], shots: int, tag: str, options: JobOptions, together: Any = None
    ) -> tuple[str, ...]:
        """Send one job by `backend.run`, and keep it where its provider wants that said (`persist`)."""
        circuits = []
        for k, (circuit, values) in enumerate(pubs):
            bound = bind(circuit, values or ()).copy(name=_name(circuit, k))
            bound.metadata = {**(bound.metadata or {}), "qcoord": tag}
            circuits.append(bound)
        seed = int.from_bytes(hashlib.sha256(tag.encode()).digest()[:4]) // 2  # where it is a simulator
        taken = {"memory": True, "seed_simulator": seed, **(self._mark(tag) if self._mark else {})}
        job = BackendJobs(self.name, self.backend).send(circuits, shots, taken)
        if callable(persist := stated(job, "persist")):
            persist()
        return (_id_of(job),)

    def find(self, tag: str, *, patient: bool = False) -> tuple[str, ...] | None:
        """Return the ids of the jobs with a tag; None where the vendor cannot be searched."""
        return None if self._find is None else tuple(str(one) for one in self._find(tag))

    def state(self, job_id: str, tag: str) -> JobState:
        """Return how far a job is, in Qiskit's words for it."""
        if (job := self._job(job_id)) is None:
            return JobState(journal.UNREADABLE, f"{self.name} knows no job {job_id}")
        said = job.status()
        word = str(getattr(said, "name", said)).upper()
        state = _STATES.get(word)
        if state is None:
            return JobState(journal.QUEUED, f"the device says {word.lower()[:40]}")  # it may still come
        if state not in journal.LOST:
            return JobState(state)
        return JobState(state, _reason(job) or word.lower())

    def fetch(self, job_id: str, circuits: Sequence[QuantumCircuit], shots: int) -> Returned:
        """Return how often each outcome came, for each circuit."""
        if (job := self._job(job_id)) is None:
            raise UnreadableError(f"{self.name} knows no job {job_id}")
        try:
            result = job.result()
        except Exception as error:
            raise UnreadableError(f"the result cannot be had ({words(error)})") from None
        named = [circuit.copy(name=_name(circuit, k)) for k, circuit in enumerate(circuits)]
        reads = read_result(result, named, shots)
        if faults := [read.fault for read in reads if read.fault]:
            raise UnreadableError(f"{self.name} {faults[0]}")
        body = {"job": job_id, "backend": self.name, "counts": [read.counts for read in reads]}
        return Returned(json.dumps(body, sort_keys=True).encode())

    def _job(self, job_id: str) -> Any:
        """Return a job of the provider; None if it does not know it."""
        assert self._retrieve is not None
        try:
            return self._retrieve(job_id)
        except Exception as error:
            if isinstance(error, (LookupError, FileNotFoundError)) or "NotFound" in type(error).__name__:
                return None
            raise


def retriever(backend: Any) -> Callable[[str], Any] | None:
    """Return what finds a job by its id: a method of the backend or of its provider; None if none does."""
    provider = stated(backend, "provider")
    for holder in (backend, provider() if callable(provider) else provider):
        for name in RETRIEVERS:
            if holder is not None and callable(found := stated(holder, name)):
                return found  # type: ignore[no-any-return]
    return None


def _limits(backend: Any) -> Limits:
    """Return what a backend states of its jobs."""
    usual, circuits, shots = Limits(), stated(backend, "max_circuits"), stated(backend, "max_shots")
    return Limits(
        circuits if isinstance(circuits, int) and circuits > 0 else usual.circuits,
        shots if isinstance(shots, int) and shots > 0 else usual.shots,
    )


def _name(circuit: QuantumCircuit, number: int) -> str:
    """Return the name by which a circuit of a job is told from the others."""
    return f"{circuit.name}-{number}"


def _id_of(job: Any) -> str:
    found = job.job_id() if callable(job.job_id) else job.job_id
    if not isinstance(found, str) or not found:
        raise TypeError(f"its job has the id {found!r}, which is no text")
    return found


def _reason(job: Any) -> str:
    """Return why a job ended without a result, if its provider says so."""
    told = stated(job, "error_message")
    try:
        return one_line(scrub(str((told() if callable(told) else told) or "")))[:240]
    except Exception:
        return ""
