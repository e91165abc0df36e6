"""Jobs of a foreign target: what is sent together, the known-answer circuit with the first, what came back.

A backend gets one job for the circuits of a block that have the same shots, with the block's seed if it
simulates. So does Qiskit's `StatevectorSampler`, whose own fixed seed would draw the same shots again for
every job; any other sampler gets one job for everything, for the same reason.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2, StatevectorSampler
from qiskit.providers import BackendV2

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.foreign.guard import provider, stated
from qcoord_hw.execution.foreign.known import MIN_SHOTS, KnownAnswer, wrong_answer
from qcoord_hw.execution.foreign.reading import Read, read_pub, read_result
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.targets import Keep, Prepared, Request, forget
from qcoord_hw.record import KNOWN_ANSWER, REFUSED, Counts


@dataclass(frozen=True)
class Item:
    """One circuit of a job: at which values of its parameters, and how often."""

    circuit: QuantumCircuit
    values: tuple[float, ...]
    shots: int


class Jobs(Protocol):
    """How a target is sent circuits."""

    method: str
    limit: int  # circuits in one job

    def split(self, requests: Sequence[Request]) -> list[list[list[int]]]:
        """Return positions of requests: job by job, for each part whose counts are yielded together."""

    def run(self, items: Sequence[Item], seed: int) -> list[Read]:
        """Send one job, wait for it and read it.

        Raises:
            TargetError: when it fails.
        """


class BackendJobs:
    """Jobs by `backend.run`; what it returns is read here and not by a sampler of Qiskit's."""

    method = "backend.run"

    def __init__(self, name: str, backend: BackendV2) -> None:
        """Wrap a backend under the name that errors call it by."""
        self._name = name
        self._backend = backend
        most = stated(backend, "max_circuits")
        self.limit = most if isinstance(most, int) and most > 0 else sys.maxsize

    def split(self, requests: Sequence[Request]) -> list[list[list[int]]]:
        """Return a part a block, with a job for its circuits of the same shots, or for as many as allowed."""
        most = self.limit
        parts = []
        for _, members in groupby(range(len(requests)), key=lambda k: requests[k].block):
            alike: dict[int, list[int]] = {}
            for k in members:
                alike.setdefault(requests[k].shots, []).append(k)
            parts.append([same[i : i + most] for same in alike.values() for i in range(0, len(same), most)])
        if parts and 1 < most == len(parts[0][0]):  # leave room for the known-answer circuit
            first, *rest = parts[0]
            parts[0] = [first[:-1], first[-1:], *rest]
        return parts

    def run(self, items: Sequence[Item], seed: int) -> list[Read]:
        """Send one job of circuits that all have the same shots."""
        circuits = []
        for k, item in enumerate(items):
            circuit = bind(item.circuit, item.values).copy()
            circuit.name = f"{circuit.name}-{k}"  # by which results are told apart
            circuits.append(circuit)
        shots = items[0].shots
        with provider(self._name):
            result = self.send(circuits, shots, {"memory": True, "seed_simulator": seed % 2**31}).result()
            return read_result(result, circuits, shots)

    def send(self, circuits: Sequence[QuantumCircuit], shots: int, options: dict[str, Any]) -> Any:
        """Run circuits with those of the options that the backend states and takes.

        An option that is refused by name is left out; nothing else is ever sent twice.
        """
        known = stated(self._backend, "options")
        taken = {name: value for name, value in options.items() if hasattr(known, name)}
        with suppress(ValueError, TypeError):  # what has no signature takes them or says that it does not
            signature = inspect.signature(self._backend.run)
            if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
                taken = {name: value for name, value in taken.items() if name in signature.parameters}
        try:
            return self._backend.run(list(circuits), shots=shots, **taken)
        except Exception as error:
            refused = [name for name in taken if name in str(error)]
            if not refused:
                raise
        kept = {name: value for name, value in taken.items() if name not in refused}
        return self._backend.run(list(circuits), shots=shots, **kept)


class SamplerJobs:
    """Jobs by `sampler.run`."""

    limit = sys.maxsize

    def __init__(self, name: str, sampler: BaseSamplerV2) -> None:
        """Wrap a sampler under the name that errors call it by."""
        self._name = name
        self._sampler = sampler
        self._own_seed = type(sampler) is StatevectorSampler
        self.method = type(sampler).__name__

    def split(self, requests: Sequence[Request]) -> list[list[list[int]]]:
        """Return one job for everything; one per block for Qiskit's own simulator."""
        if not self._own_seed:
            return [[list(range(len(requests)))]] if requests else []
        blocks = groupby(range(len(requests)), key=lambda k: requests[k].block)
        return [[list(members)] for _, members in blocks]

    def run(self, items: Sequence[Item], seed: int) -> list[Read]:
        """Send one job."""
        sampler = self._sampler
        if self._own_seed:
            sampler = StatevectorSampler(seed=np.random.default_rng(seed))
        pubs = [(item.circuit, item.values or None, item.shots) for item in items]
        with provider(self._name):
            result = list(sampler.run(pubs).result())
            if len(result) != len(items):
                fault = f"returned {len(result)} results where {len(items)} circuits were sent"
                return [Read({}, fault)] * len(items)
            return [read_pub(pub, item.circuit, item.shots) for pub, item in zip(result, items, strict=True)]


class ForeignExecutor:
    """Sends requests as jobs, the known-answer circuit with the first, and refuses what is not as asked."""

    def __init__(self, prepared: Prepared, jobs: Jobs) -> None:
        """Execute prepared circuits by a target's jobs."""
        self._prepared = prepared
        self._jobs = jobs
        self._due = prepared.known  # until it was answered
        self._alone = False  # whether a job gets one circuit, since results do not say whose they are

    @property
    def methods(self) -> list[str]:
        """How the circuits are executed."""
        return [self._jobs.method]

    def jobs(self, requests: Sequence[Request]) -> int:
        """Return how many jobs requests take, that of the known-answer circuit too if it has its own."""
        jobs = [job for part in self._jobs.split(requests) for job in part]
        return len(jobs) + (
            self._prepared.known is not None and not self._joins(requests[jobs[0][0]].shots, len(jobs[0]))
        )

    def _joins(self, shots: int, circuits: int) -> bool:
        """Return whether the known-answer circuit goes with a job: room there is, and shots to judge by."""
        return shots >= MIN_SHOTS and circuits < self._jobs.limit and not self._alone

    def execute(self, requests: Sequence[Request], keep: Keep = forget) -> Iterator[Counts | None]:
        """Yield the counts of each request; None for one that was not executed as asked.

        Args:
            requests: what to execute.
            keep: told of what came of the known-answer circuit, and of counts that are no request's.

        Raises:
            TargetError: when the target failed, did something else than asked, or gave another answer than
                the known one; after what came with it.
        """
        self._due = self._prepared.known
        for part in self._jobs.split(requests):
            found: dict[int, Counts] = {}
            failure: TargetError | None = None
            try:
                left = list(part)
                while left and failure is None:
                    job = left.pop(0)
                    if self._alone and len(job) > 1:
                        left = [*([k] for k in job), *left]
                        continue
                    failure = self._job([(k, requests[k]) for k in job], found, keep)
                    if self._alone and failure is None and not found.keys() >= set(job):
                        left = [job, *left]  # circuit by circuit
            except TargetError as error:
                failure = error
            for k in sorted(k for job in part for k in job):
                yield found.get(k)
            if failure is not None:
                raise failure

    def in_groups(
        self, requests: Sequence[Request], keep: Keep = forget
    ) -> Iterator[Sequence[Counts | None]]:
        """Yield the same, one at a time."""
        return ([counts] for counts in self.execute(requests, keep))

    def _job(
        self,
        job: Sequence[tuple[int, Request]],
        found: dict[int, Counts],
        keep: Keep,
    ) -> TargetError | None:
        """Execute one job, put what it counted into `found`, and return what is wrong with it.

        Where its results do not say whose they are, their order may be another: then nothing is counted, and
        from now on a job gets one circuit.
        """
        items = [self._item(request) for _, request in job]
        seed = job[0][1].seed
        reads: list[Read] | None = None
        if (known := self._due) is not None:
            own = Item(known.circuit, (), max(items[0].shots, MIN_SHOTS))
            if self._joins(items[0].shots, len(items)):
                *reads, answer = self._jobs.run([*items, own], seed)
                if self._untold(job, [*reads, answer], keep):
                    return None
            else:  # too few shots to judge by, or no room: a job of its own, before all others
                (answer,) = self._jobs.run([own], seed)
                self._alone = self._alone or answer.nameless
            if (failure := self._judge(known, answer, keep)) is not None:
                for (_, request), read in zip(job, reads or (), strict=False):
                    self._refuse(request, read, "the known answer did not come", keep)
                return failure
            self._due = None
        if reads is None:
            if self._alone and len(items) > 1:
                return None
            reads = self._jobs.run(items, seed)
            if self._untold(job, reads, keep):
                return None
        faults = []
        for (position, request), read in zip(job, reads, strict=True):
            if read.fault:
                faults.append(read.fault)
                self._refuse(request, read, read.fault, keep)
            else:
                found[position] = read.counts
        if not faults:
            return None
        others = "" if len(faults) == 1 else f", and {len(faults) - 1} more such"
        return self._failed(f"{faults[0]}{others}; the target is at fault, what came is kept")

    def _untold(self, job: Sequence[tuple[int, Request]], reads: Sequence[Read], keep: Keep) -> bool:
        """Return whether nothing says whose the results of a job are; then they are kept, and not counted."""
        if len(reads) < 2 or not reads[0].nameless or any(read.fault for read in reads):
            return False
        self._alone = True
        for (_, request), read in zip(job, reads, strict=False):
            self._refuse(
                request, read, "does not say which result is whose: executed again, one by one", keep
            )
        return True

    def _item(self, request: Request) -> Item:
        return Item(*self._prepared.executed(request.setting, request.pattern), request.shots)

    def _judge(self, known: KnownAnswer, answer: Read, keep: Keep) -> TargetError | None:
        """Keep what came of the known-answer circuit, and return what is wrong with it."""
        keep(
            {
                "event": KNOWN_ANSWER,
                "expected": known.expected,
                "counts": answer.counts,
                "fault": answer.fault,
            }
        )
        wrong = wrong_answer(known, answer)
        return self._failed(wrong) if wrong else None

    def _refuse(self, request: Request, read: Read, why: str, keep: Keep) -> None:
        keep({"event": REFUSED, "chunk": request.chunk, "counts": read.counts, "fault": read.fault or why})

    def _failed(self, why: str) -> TargetError:
        return TargetError(f"target {self._prepared.target!r} {why}")
