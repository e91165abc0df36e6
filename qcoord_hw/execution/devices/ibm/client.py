"""One IBM device through the runtime client: questions wait for a busy server, and nothing is sent twice.

The client repeats a POST by itself when the server answers 5xx, although the job may exist by then. Here it
does not: after any answer that leaves a doubt the job is looked up by its tag first.

A long module: one class for one device, and the patience that every question to it needs.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import QcoordError, QcoordWarning, TargetError
from qcoord_hw.execution.devices.base import (
    Device,
    JobState,
    Limits,
    Pub,
    RefusedError,
    Returned,
    UnreadableError,
)
from qcoord_hw.execution.devices.ibm.account import BUSY, INSTANCE, Account, account_of, find_account, probe
from qcoord_hw.execution.devices.ibm.errors import (
    MAX_WORDS,
    explained,
    gives_errors,
    is_connection,
    is_cut_short,
    is_timeout,
    refusal,
    retry_after,
    status_code,
    words_of,
)
from qcoord_hw.execution.devices.ibm.private import check_client, instance_of, reason_of, session_of
from qcoord_hw.execution.devices.ibm.sessions import careful_adapter, careful_sessions, contact
from qcoord_hw.execution.devices.ibm.target import KIND, check_isa, prepare
from qcoord_hw.execution.job_options import JobOptions
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import Prepared
from qcoord_hw.spec import MAX_SHOTS, one_line

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to wait between attempts when the server is busy or an answer was lost."""

LOOKUPS = (0.0, 1.0, 2.0, 3.0)
"""Seconds to wait before each look-up of a tag whose job may be on its way into the server's list."""

DEADLINE = 11.0
"""Seconds in which an account and its device are to be found to be there or not."""

_T = TypeVar("_T")
_EXPERIMENTAL = "QISKIT_FUNCTIONS_EXPERIMENTAL"
"""Set, the client does not ask IBM's global catalogue for instances, which another server does not have."""


def connect(name: str) -> IBMDevice:
    """Return a device of the account that the environment or the saved file names.

    Args:
        name: of the backend, such as `ibm_torino`.

    Raises:
        TargetError: with what to do: no account, no network, a bad token, no such backend.
    """
    check_client()
    account = find_account()
    for note in account.notes:
        warnings.warn(note, QcoordWarning, stacklevel=2)
    _in_time(lambda: probe(account, name))
    if account.own_server:
        os.environ[_EXPERIMENTAL] = "1"
    with explained(account), quiet():
        from qiskit_ibm_runtime import QiskitRuntimeService

        arguments: dict[str, Any] = {} if account.instance is None else {"instance": account.instance}
        if account.own_server:
            arguments["url_resolver"] = lambda *_: account.base_url
        with contact.short(), careful_sessions():
            service = _patient(lambda: QiskitRuntimeService(**arguments))
            backend = _patient(lambda: service.backend(name), again=_is_no_backend)
            return IBMDevice(backend, account)


def wrap(backend: Any) -> IBMDevice:
    """Return the device that a backend of somebody's own service is."""
    return IBMDevice(backend)


class IBMDevice(Device):
    """An IBM backend, and what is done with jobs on it.

    Attributes:
        name: the backend's name.
        backend: the client's backend.
    """

    kind = KIND
    method = "qiskit_ibm_runtime Sampler"
    limits = Limits(circuits=500, shots=MAX_SHOTS, executions=MAX_SHOTS)
    searchable = True
    takes = ("dynamical_decoupling", "twirling", "mode", "tiles")
    compiles = False

    def __init__(self, backend: Any, account: Account | None = None) -> None:
        """Wrap a backend of the runtime client.

        Args:
            backend: a backend; that of a service made elsewhere no longer repeats what creates a job.
            account: keeps its token out of messages; that of the service if omitted.
        """
        self.name = str(backend.name)
        self.backend = backend
        self._account = account or account_of(backend.service)
        if account is None:
            check_client()
            session = session_of(backend)
            if session is not None:
                for scheme in ("http://", "https://"):
                    session.mount(scheme, careful_adapter())
        with self._explained(), quiet():
            _patient(lambda: backend.target)  # read once, where questions are patient and errors explained

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Compile for the device as it is calibrated today."""
        return prepare(self.name, self.backend, program, layout, tiles)

    def check(self, circuits: Sequence[QuantumCircuit]) -> None:
        """Check that every instruction is one of the device's, on these qubits, today."""
        check_isa(circuits, self.backend)

    def remaining_seconds(self) -> float | None:
        """Return the QPU seconds that the instance has left; None where it has no limit or does not tell."""
        left = self._usage().get("usage_remaining_seconds")
        return float(left) if isinstance(left, (int, float)) else None

    def check_open(self) -> None:
        """Check that jobs would run.

        Raises:
            TargetError: when the plan's time is used up, or the backend takes no jobs.
        """
        with self._explained(), contact.short():
            usage = self._usage()
        if usage.get("usage_limit_reached"):
            used, limit = usage.get("usage_consumed_seconds"), usage.get("usage_limit_seconds")
            raise TargetError(
                self._scrub(
                    f"plan limit: the instance has used {used} of {limit} QPU seconds; jobs would not run "
                    f"until there is more: wait for the next period or choose another {INSTANCE}"
                )
            )
        with self._explained(), quiet(), contact.short():
            status = _patient(self.backend.status)
        said = self._scrub(one_line(status.status_msg))[:MAX_WORDS] or "no reason given"
        if not status.operational:
            raise TargetError(
                f"queue closed: {self.name} takes no jobs now ({said}); "
                "try again later or choose another target"
            )
        if said != "active":
            note = f"{self.name} takes jobs but does not run them now ({said}); they wait"
            warnings.warn(note, QcoordWarning, stacklevel=2)

    def submit(
        self, pubs: Sequence[Pub], shots: int, tag: str, options: JobOptions, together: Any = None
    ) -> tuple[str, ...]:
        """Send a job and return its id; if it is there already, or the answer was lost, find it by its tag.

        Twins of it, which a lost answer and a list that lags may leave, stand behind it.

        Args:
            pubs: circuits with the values of their parameters.
            shots: of each circuit.
            tag: unique to this job.
            options: dynamical decoupling and twirling.
            together: an open batch; None for a job of its own.

        Raises:
            RefusedError: when the server will not take it.
            TargetError: when it cannot be told whether the server has it.
        """
        from qiskit_ibm_runtime.executor_sampler import Sampler

        with self._explained(), quiet():
            sampler = Sampler(mode=together or self.backend, options=_sampler_options(options, tag))
            for attempt, pause in enumerate((*PAUSES, None)):
                try:
                    sent = (str(sampler.run(list(pubs), shots=shots).job_id()),)
                    return (self.find(tag) if attempt else ()) or sent  # an earlier one may show only now
                except Exception as error:  # whatever the client raises: the job may exist
                    status = status_code(error)
                    refused = status is not None and 400 <= status < 500 and status not in (401, 408, *BUSY)
                    if attempt or not refused:
                        if found := self.find(tag, patient=status not in (401, 429)):
                            return found
                    if refused:
                        raise RefusedError(refusal(error, self._account)) from None
                    if pause is None or not (status in BUSY or is_connection(error)):
                        raise
                    time.sleep(max(pause, retry_after(error)))
        raise AssertionError("the last attempt raises")

    @contextmanager
    def batch(self) -> Iterator[Any]:
        """Open a batch, in which jobs are queued together, and close it to further jobs at the end."""
        from qiskit_ibm_runtime import Batch

        with self._explained(), quiet():
            opened = Batch(backend=self.backend)
        try:
            yield opened
        finally:
            with suppress(Exception), quiet():  # it closes by itself after a while
                _patient(opened.close)

    def find(self, tag: str, *, patient: bool = False) -> tuple[str, ...]:
        """Return the id of the job with a tag; empty if there is none. Behind it those of twins, cancelled.

        Args:
            tag: of the job.
            patient: look more than once: the job may be on its way into the list.
        """
        for pause in LOOKUPS if patient else LOOKUPS[:1]:
            time.sleep(pause)
            if found := self._tagged(tag):
                return found
        return ()

    def _tagged(self, tag: str) -> tuple[str, ...]:
        """Return the ids of all jobs with a tag, the oldest first, and cancel all but that."""
        with self._explained(), quiet():
            where = instance_of(self.backend)  # or the service asks the one it asked last
            jobs = _patient(lambda: self.backend.service.jobs(limit=None, job_tags=[tag], instance=where))
            mine = [job for job in jobs if tag in (job.tags or ())]
            mine.sort(key=lambda job: (str(job.creation_date), job.job_id()))
            for twin in mine[1:]:
                with suppress(Exception):  # one that cannot be cancelled is not counted either
                    if twin.status() not in twin.JOB_FINAL_STATES:
                        twin.cancel()
            return tuple(str(job.job_id()) for job in mine)

    def state(self, job_id: str, tag: str) -> JobState:
        """Return what the server says of a job; one that it does not know may be of another instance."""
        with self._explained(), quiet():
            if (job := self._job(job_id)) is None:
                listed = "is listed but not known" if self.find(tag) else "expired, or is of another instance"
                return JobState("unreadable", f"job {job_id} {listed} (check {INSTANCE})")
            said = str(_patient(job.status)).upper()
            cancelled = reason_of(job)
            reason = self._scrub(one_line(_patient(job.error_message) or cancelled or ""))
        if said in ("INITIALIZING", "QUEUED"):
            return JobState("queued")
        if said in ("RUNNING", "DONE"):
            return JobState(said.lower())
        if said.startswith("CANCEL"):
            return JobState("cancelled", reason or said.lower())
        if said in ("ERROR", "FAILED"):
            return JobState("failed", reason or said.lower())
        return JobState("queued", f"the device says {self._scrub(said.lower())}")  # it may still come

    def fetch(self, job_id: str, circuits: Sequence[QuantumCircuit], shots: int) -> Returned:
        """Return the result of a job that is done.

        Args:
            job_id: the job.
            circuits: those of its PUBs, in order.
            shots: how many of each were asked for.

        Raises:
            UnreadableError: when it is not whole, after some attempts.
        """
        with self._explained(), quiet():
            if (job := self._job(job_id)) is None:
                raise UnreadableError(f"the result expired: {self.name} knows no job {job_id}")
            for pause in (*PAUSES[:2], None):
                try:
                    result = job.result(timeout=contact.timeout[1])
                    body = {"job": job_id, "backend": self.name, "pubs": _plain(result, circuits, shots)}
                    break
                except Exception as error:  # a result cut short breaks the decoder in many ways
                    if pause is None:
                        answers = is_cut_short(error) or gives_errors(error)
                        if is_connection(error) and not answers:
                            raise
                        words = words_of(error, self._account)
                        raise UnreadableError(f"the result is not whole ({words})") from None
                    time.sleep(pause)
            properties, seconds = self._properties(job), self._charged(job)
        return Returned(json.dumps(body, sort_keys=True).encode(), properties, seconds)

    def _job(self, job_id: str) -> Any:
        """Return a job of the client; None if the device does not know it, also when asked again."""
        from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

        for pause in LOOKUPS:
            time.sleep(pause)
            try:
                return _patient(lambda: self.backend.service.job(job_id))
            except RuntimeJobNotFound:
                continue
        return None

    def _properties(self, job: Any) -> bytes | None:
        """Return the device's properties when a job ran, as JSON."""
        try:
            found = _patient(job.properties)
        except Exception:  # an extra: a result is worth keeping without it
            return None
        if found is None:
            return None
        return self._scrub(json.dumps(found.to_dict(), default=str, sort_keys=True)).encode()

    def _charged(self, job: Any) -> float | None:
        try:
            usage = _patient(job.metrics).get("usage", {})
            if usage.get("status", "pending") == "pending":
                return None
            return float(usage.get("qpu_charge_time_seconds", usage.get("quantum_seconds")))
        except Exception:  # an extra, as above
            return None

    def _usage(self) -> dict[str, Any]:
        """Return the instance's usage; empty where the server does not tell."""
        try:
            with quiet():
                return dict(_patient(self.backend.service.usage))
        except Exception as error:  # an extra: submitting says what is really wrong
            if is_connection(error):
                raise TargetError(f"no network: {words_of(error, self._account)}") from None
            return {}

    def _explained(self) -> Any:
        return explained(self._account)

    def _scrub(self, text: str) -> str:
        return self._account.scrub(text) if self._account else text


def _sampler_options(options: JobOptions, tag: str) -> Any:
    """Return the options of a job as the client takes them."""
    from qiskit_ibm_runtime.options_models import SamplerOptions

    chosen = SamplerOptions()
    chosen.environment.job_tags = [tag]
    if options.dynamical_decoupling:
        chosen.dynamical_decoupling.enable = True
        chosen.dynamical_decoupling.sequence_type = options.dynamical_decoupling
    if options.twirling:
        chosen.twirling.enable_gates = options.twirling in ("gates", "all")
        chosen.twirling.enable_measure = options.twirling in ("measure", "all")
    return chosen


def _plain(result: Any, circuits: Sequence[QuantumCircuit], shots: int) -> list[dict[str, Any]]:
    """Return the bits of every shot in plain values.

    Raises:
        ValueError: when PUBs, registers or shots are missing.
    """
    pubs = list(result)
    if len(pubs) != len(circuits):
        raise ValueError(f"{len(pubs)} of {len(circuits)} circuits")
    plain = []
    for circuit, pub in zip(circuits, pubs, strict=True):
        registers = {}
        for register in circuit.cregs:
            bits = pub.data[register.name]
            if bits.num_bits != register.size or bits.num_shots * bits.size < shots:
                raise ValueError(f"{bits.num_shots * bits.size} of {shots} shots")
            packed = bits.reshape(1, -1).array if bits.ndim else bits.array
            registers[register.name] = {
                "bits": register.size,
                "shots": int(packed.shape[-2]),
                "base64": base64.b64encode(packed.tobytes()).decode(),
            }
        plain.append(registers)
    return plain


def _patient(ask: Callable[[], _T], again: Callable[[Exception], bool] | None = None) -> _T:
    """Return an answer; wait and ask again while the server is busy.

    Args:
        ask: the question.
        again: errors after which it is asked up to twice again, as after a connection that broke.
    """
    for attempt, pause in enumerate(PAUSES):
        try:
            return ask()
        except QcoordError:
            raise
        except Exception as error:
            broke = (is_connection(error) and not is_timeout(error)) or (again and again(error))
            if status_code(error) not in BUSY and not (broke and attempt < 2):
                raise
            time.sleep(max(pause, retry_after(error)))
    return ask()


def _in_time(ask: Callable[[], None]) -> None:
    """Do something that must not take longer than `DEADLINE`, even if a server drips its answer.

    Raises:
        TargetError: when it does, or as it raises.
    """
    ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            ask()
        except Exception as error:  # to be raised where somebody waits for it
            ended.put(error)
        else:
            ended.put(None)

    threading.Thread(target=run, daemon=True).start()
    try:
        error = ended.get(timeout=DEADLINE)
    except queue.Empty:
        raise TargetError("no network: the server is too slow; check the connection, or try again") from None
    if error is not None:
        raise error


def _is_no_backend(error: Exception) -> bool:
    """Return whether the client says "no backend", as it also does when a single question failed."""
    return contact.silent is None and type(error).__name__ == "QiskitBackendNotFoundError"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the client's own warnings from the terminal; what matters is said by errors and notes."""
    logger = logging.getLogger("qiskit_ibm_runtime")
    level = logger.level
    logger.setLevel(logging.CRITICAL if "QISKIT_IBM_RUNTIME_LOG_LEVEL" not in os.environ else level)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
