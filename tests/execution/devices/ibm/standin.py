"""A stand-in for IBM's Qiskit Runtime REST service on loopback, with faults that a test switches on.

It speaks to the unmodified client of qiskit-ibm-runtime 0.51: payloads are decoded with the client's own
converters, run on Aer, and answered in the schema that the client's decoder reads. It shows that a program
agrees with the installed client and its wire format, not how IBM's machines behave.

In a test, use `StandIn()` as a context manager and read its attributes; as a program,

    python standin.py --port 0 [--fault NAME[:N]] [--queue SECONDS] [--state FILE]

prints one JSON line (url, iam_url, token, instance, backend, pid) and serves until it is ended. Then
`GET /_standin/state` gives what was received, and `POST /_standin/faults`, `/_standin/settings`,
`/_standin/calibrate`, `/_standin/release` and `/_standin/clear` change what it does. `connect(url)` makes the
client's service.

The file is long because it must run alone, as one program that needs nothing of this repository.
"""

from __future__ import annotations

import argparse
import base64
import copy
import dataclasses
import functools
import json
import math
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BACKEND = "ibm_loop"
TOKEN = "loopback-api-key-0123456789abcdefghijklmnopq"
INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/0:0::"
API = "/api/v1"
FINAL = ("Completed", "Failed", "Cancelled")
REP_DELAY = 250e-6  # seconds between shots, which dominate what IBM bills
FOREVER = math.inf


@dataclass(frozen=True)
class Fault:
    """What a fault applies to, what it does, and the default of its value."""

    at: str
    text: str
    value: Any = None


FAULTS = {
    # at submission: POST /jobs
    "post-429": Fault("post", "429 Too Many Requests, without Retry-After; no job is created"),
    "post-429-retry-after": Fault("post", "429 with Retry-After: value seconds; no job is created", 1),
    "post-500": Fault("post", "500 without creating the job (the client retries a POST by itself)"),
    "post-503": Fault("post", "503 without creating the job (the client retries a POST by itself)"),
    "post-401": Fault("post", "401 although the bearer token is valid; no job is created"),
    "post-drop": Fault("post", "connection dropped before the job is created"),
    "post-hang": Fault(
        "post", "accepted, never answered, no job; dropped after value s or release()", FOREVER
    ),
    "post-500-created": Fault("posted", "500 after the job was created (the client then posts it again)"),
    "post-drop-created": Fault("posted", "connection dropped after the job was created: no answer at all"),
    "post-hang-created": Fault(
        "posted", "job created, no answer; dropped after value s or release()", FOREVER
    ),
    "post-html-created": Fault("posted", "job created, but the answer is a proxy's HTML page"),
    "plan-limit-errors": Fault("post", '403 {"errors": [{"code": 4317, ...}]}: the plan\'s time is used up'),
    "plan-limit-error": Fault("post", '400 {"error": {"code": 4317, ...}}: the same in the other shape'),
    "pending-limit": Fault("post", '400 {"errors": [{"code": 3458, ...}]}: too many jobs are waiting'),
    "post-token-echo": Fault("post", "400 whose message repeats the API key and the bearer token"),
    # the fate of the job that a POST creates
    "job-failed": Fault(
        "job", "the job ends FAILED; value: the reason", "Internal error in the control unit"
    ),
    "job-failed-token-echo": Fault("job", "the job ends FAILED with a reason that repeats the API key"),
    "job-cancelled": Fault("job", "the job ends CANCELLED without the client's asking"),
    "job-ran-too-long": Fault("job", "the job ends CANCELLED - RAN TOO LONG, reason code 1305"),
    "job-odd-status": Fault("job", "the job's status is one the client does not know", "Quarantined"),
    "job-queued": Fault("job", "the job waits in the queue; value: seconds", 2.0),
    "job-running": Fault("job", "the job runs; value: seconds", 2.0),
    "job-recalibrated": Fault("job", "the device is calibrated between the job's submission and its start"),
    "usage-pending": Fault("job", "the job's usage stays 'pending'"),
    # results
    "results-truncated": Fault("results", "half of the bytes of the results"),
    "results-fewer-pubs": Fault("results", "the last PUB is missing from the results"),
    "results-fewer-shots": Fault("results", "half of the shots are missing from every PUB"),
    "results-empty": Fault("results", "the results are an empty body"),
    "results-500": Fault("results", "500 on the results (the client retries a GET by itself)"),
    # other questions
    "job-404": Fault("lookup", "404: job not found, on GET /jobs/{id} and below it"),
    "list-lags": Fault("list", "GET /jobs does not show any job yet"),
    "get-429": Fault("get", "429 without Retry-After on any GET"),
    "get-429-retry-after": Fault("get", "429 with Retry-After: value seconds on any GET", 1),
    "get-500": Fault("get", "500 on any GET"),
    "get-drop": Fault("get", "connection dropped on any GET"),
    "get-hang": Fault("get", "accepted, never answered, on any GET; value as for post-hang", FOREVER),
    "get-token-echo": Fault("get", "400 on any GET whose message repeats the API key and the bearer token"),
    "cancel-500": Fault("cancel", "500 on POST /jobs/{id}/cancel; the job is not cancelled"),
    "backend-offline": Fault("status", "the backend is not operational"),
    "backend-paused": Fault("status", "the backend is operational, but its queue is paused"),
    "no-backend": Fault("backends", "the instance has no backend: an empty device list"),
    "usage-limit-reached": Fault("usage", "the instance's time is used up (the client warns and submits)"),
    "sessions-forbidden": Fault(
        "sessions", "400, code 1352: the plan has no sessions; value: the mode", None
    ),
    "iam-500": Fault("iam", "500 on POST /identity/token"),
    "iam-token-echo": Fault("iam", "400 on POST /identity/token whose message repeats the API key"),
}


@dataclass
class Armed:
    """A fault that is switched on: for `times` matching requests after the first `skip`, None for ever."""

    name: str
    times: int | None = 1
    skip: int = 0
    value: Any = None
    path: str = ""  # only requests whose path contains it
    tag: str = ""  # only jobs with a tag that contains it
    hits: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has had all its requests."""
        return self.times is not None and self.hits >= self.times


@dataclass(frozen=True)
class Received:
    """One request as it came; `status` of the answer is 0 when there was none."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str


@dataclass
class Job:
    """One job: what was sent, when it waits, runs and ends (seconds since the epoch), and how it ends."""

    id: str
    number: int
    tags: list[str]
    params: dict[str, Any]
    session: str | None
    created: float
    starts: float
    ends: float
    shots: int
    executions: int
    body: dict[str, Any] = field(default_factory=dict)  # what was posted, without `params`
    status: str = "Queued"
    fate: str = "Completed"
    reason: str | None = None
    reason_code: int | None = None
    usage_pending: bool = False
    result: str = ""

    @property
    def circuits(self) -> list[Any]:
        """The circuits of the payload, decoded with the client's own converter."""
        return [item.circuit for item in self.program.items]

    @property
    def program(self) -> Any:
        """The payload's `QuantumProgram`."""
        return _decode(self.params)[0]

    @property
    def quantum_seconds(self) -> float:
        """What the job is billed, in seconds; 0 unless it ran."""
        return round(self.executions * (REP_DELAY + 6e-6), 6) if self.status == "Completed" else 0.0


@dataclass
class Session:
    """A batch or session; `closed` in seconds since the epoch."""

    id: str
    mode: str
    backend: str
    max_ttl: int | None
    created: float
    accepting: bool = True
    closed: float | None = None


@dataclass(frozen=True)
class Calibration:
    """A calibration of the device: when (seconds since the epoch), and the factor on its errors."""

    at: float
    factor: float


@dataclass(frozen=True)
class Answer:
    """An answer of HTTP."""

    status: int = 200
    body: Any = None  # JSON, or text as it stands
    headers: tuple[tuple[str, str], ...] = ()


class Drop(Exception):
    """Close the connection without an answer."""


class Refusal(Exception):
    """Answer with an error instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def errors(status: int, code: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An error in the shape of IBM's present API."""
    text = {"code": code, "message": message, "more_info": f"https://docs.quantum.ibm.com/errors#{code}"}
    return Answer(status, {"errors": [text], "trace": "standin"}, headers)


def error(status: int, code: int, message: str) -> Answer:
    """An error in the other shape, which the client's message unpacks."""
    return Answer(status, {"error": {"code": code, "message": message}})


class StandIn:
    """The service. All public attributes may be read, and `queue`, `run` and `usage_limit` set, at any time.

    Attributes:
        url: Base URL, without a path; also that of IAM.
        queue: Seconds that a new job waits.
        run: Seconds that a new job runs.
        usage_limit: Seconds of the instance's plan.
        jobs: Every job by id, oldest first.
        requests: Every request but those to `/_standin`.
        not_isa: Why each circuit outside the backend's instruction set was refused.
        calibrations: Those of the device, oldest first.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        queue: float = 0.0,
        run: float = 0.0,
        seed: int = 2025,
        noise: float = 0.0,
        usage_limit: float = 600.0,
        state: Path | None = None,
    ) -> None:
        """Bind the port (0: any free one); `noise` is the depolarising probability of a CX and of readout."""
        self.token, self.queue, self.run, self.usage_limit = token, queue, run, usage_limit
        self.jobs: dict[str, Job] = {}
        self.sessions: dict[str, Session] = {}
        self.requests: list[Received] = []
        self.not_isa: list[str] = []
        self.armed: list[Armed] = []
        self.fired: list[str] = []
        self.calibrations = [Calibration(math.floor(time.time()) - 3600.0, 1.0)]
        self._seed, self._noise, self._file = seed, noise, state
        self._bearers: set[str] = set()
        self._lock = threading.RLock()
        self._released = threading.Event()
        self._device = _device()
        self._made = 0
        if state is not None and state.exists():
            self._load(json.loads(state.read_text()))
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> StandIn:
        """Serve in a thread."""
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve in this thread."""
        self._http.serve_forever()

    def close(self) -> None:
        """Stop serving, and drop what hangs."""
        self._released.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a test says and asks.

    def arm(
        self,
        name: str,
        times: int | None = 1,
        *,
        skip: int = 0,
        value: Any = None,
        path: str = "",
        tag: str = "",
    ) -> Armed:
        """Switch a fault on.

        Args:
            name: One of `FAULTS`.
            times: For how many matching requests; None for ever.
            skip: How many matching requests pass untouched first.
            value: See `FAULTS`.
            path: Only requests whose path and query contain it.
            tag: Only jobs one of whose tags contains it.

        Returns:
            The armed fault, which counts its `hits`.
        """
        if name not in FAULTS:
            raise ValueError(f"fault: {name}; allowed are {', '.join(FAULTS)}")
        armed = Armed(name, times, skip, FAULTS[name].value if value is None else value, path, tag)
        with self._lock:
            self.armed.append(armed)
        return armed

    def disarm(self) -> None:
        """Switch all faults off, and drop the connections that hang."""
        with self._lock:
            self.armed.clear()
        self.release()

    def release(self) -> None:
        """Drop the connections that hang."""
        released, self._released = self._released, threading.Event()
        released.set()

    def calibrate(self, at: float | None = None) -> Calibration:
        """Calibrate the device (now, or at a time in seconds since the epoch); its properties change."""
        with self._lock:
            new = Calibration(time.time() if at is None else at, 1.0 + 0.1 * len(self.calibrations))
            self.calibrations = sorted([*self.calibrations, new], key=lambda c: c.at)
            self._save()
        return new

    @property
    def created_per_tag(self) -> dict[str, int]:
        """How many jobs were created with each tag."""
        with self._lock:
            return dict(Counter(tag for job in self.jobs.values() for tag in job.tags))

    def received(self, method: str, path: str) -> list[Received]:
        """The requests of one method whose path matches a regular expression in full."""
        with self._lock:
            return [r for r in self.requests if r.method == method and re.fullmatch(path, r.path)]

    def state(self) -> dict[str, Any]:
        """Everything received and created, as JSON."""
        with self._lock:
            for job in self.jobs.values():
                self._advance(job)
            return {
                "jobs": [dataclasses.asdict(j) for j in self.jobs.values()],
                "created_per_tag": self.created_per_tag,
                "not_isa": list(self.not_isa),
                "requests": [dataclasses.asdict(r) for r in self.requests],
                "sessions": [dataclasses.asdict(s) for s in self.sessions.values()],
                "armed": [dataclasses.asdict(a) for a in self.armed],
                "fired": list(self.fired),
                "calibrations": [dataclasses.asdict(c) for c in self.calibrations],
                "settings": {"queue": self.queue, "run": self.run, "usage_limit": self.usage_limit},
            }

    def _save(self) -> None:
        """Keep jobs, sessions and calibrations in the file, if there is one."""
        if self._file is None:
            return
        kept = {
            name: [dataclasses.asdict(value) for value in values]
            for name, values in (
                ("jobs", self.jobs.values()),
                ("sessions", self.sessions.values()),
                ("calibrations", self.calibrations),
            )
        }
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(kept))
        os.replace(part, self._file)

    def _load(self, kept: dict[str, Any]) -> None:
        self.jobs = {job["id"]: Job(**job) for job in kept["jobs"]}
        self._made = max((job.number for job in self.jobs.values()), default=0)
        self.sessions = {session["id"]: Session(**session) for session in kept["sessions"]}
        self.calibrations = [Calibration(**calibration) for calibration in kept["calibrations"]]

    # Faults.

    def _fault(self, at: str, where: str = "", tags: Iterable[str] = ()) -> Armed | None:
        """Use up one request of the first armed fault of this kind that matches."""
        with self._lock:
            for armed in self.armed:
                if FAULTS[armed.name].at != at or armed.path not in where:
                    continue
                if armed.tag and not any(armed.tag in tag for tag in tags):
                    continue
                if armed.spent:
                    continue
                if armed.skip > 0:
                    armed.skip -= 1
                    continue
                armed.hits += 1
                self.fired.append(armed.name)
                return armed
        return None

    def _misbehave(self, armed: Armed, bearer: str) -> None:
        """Raise what a fault of a request does; a fault of another kind does nothing here."""
        kind = armed.name.split("-", 1)[1].removesuffix("-created")
        refusals = {
            "429": errors(429, 1100, "Too many requests. Try again later."),
            "429-retry-after": errors(
                429, 1100, "Too many requests. Try again later.", (("Retry-After", str(armed.value)),)
            ),
            "500": errors(500, 9000, "An internal error has occurred."),
            "503": errors(503, 9001, "The service is not available."),
            "401": errors(401, 1200, "The token has expired."),
            "html": Answer(200, "<html><body>Bad gateway</body></html>", (("Content-Type", "text/html"),)),
            "limit-errors": errors(403, 4317, "You have exceeded the time of your plan. Upgrade your plan."),
            "limit-error": error(400, 4317, "You have exceeded the time of your plan. Upgrade your plan."),
            "limit": errors(400, 3458, "You have reached the limit of 3 pending jobs. Wait for one to end."),
            "token-echo": error(400, 1300, f"Bad request by apikey {self.token}, Authorization: {bearer}"),
        }
        if kind == "hang":
            self._released.wait(None if armed.value == FOREVER else float(armed.value))
            raise Drop
        if kind == "drop":
            raise Drop
        if kind in refusals:
            raise Refusal(refusals[kind])

    # Answers to the client.

    def answer(self, request: Received) -> Answer:
        """Answer one request.

        Raises:
            Drop: When the connection is to be closed without an answer.
        """
        if request.path.startswith("/_standin/"):
            return self._control(request)
        with self._lock:
            self.requests.append(request)
        try:
            if request.path == "/identity/token":
                return self._identity(request)
            bearer = request.headers.get("Authorization", "")
            if not request.path.startswith(f"{API}/"):
                return errors(404, 1001, f"Not found: {request.path}")
            if bearer.removeprefix("Bearer ") not in self._bearers or not bearer.startswith("Bearer "):
                return errors(401, 1200, "Authentication failed: the bearer token is missing or not valid.")
            if request.headers.get("Service-CRN") != INSTANCE:
                return errors(403, 1201, "The account has no access to this instance.")
            return self._api(request, bearer)
        except Refusal as refusal:
            return refusal.answer

    def _identity(self, request: Received) -> Answer:
        if armed := self._fault("iam"):
            self._misbehave(armed, "")
        form = parse_qs(request.body)
        if form.get("apikey") != [self.token]:
            return Answer(
                400,
                {
                    "errorCode": "BXNIM0415E",
                    "errorMessage": "Provided API key could not be found.",
                    "context": {},
                },
            )
        now = int(time.time())
        with self._lock:
            claims = {"iat": now, "exp": now + 3600, "jti": f"standin-{os.getpid()}-{len(self._bearers)}"}
            parts = ({"alg": "RS256", "typ": "JWT"}, claims, "loopback signature, not a signature")
            bearer = ".".join(
                base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts
            )
            self._bearers.add(bearer)
        return Answer(
            body={
                "access_token": bearer,
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": 3600,
                "expiration": now + 3600,
                "scope": "ibm openid",
            }
        )

    def _api(self, request: Received, bearer: str) -> Answer:
        path = request.path.removeprefix(API)
        where = f"{request.path}?{request.query}"
        if request.method == "GET":
            found = re.match(r"/jobs/([^/]+)", path)
            tags = self.jobs[found[1]].tags if found and found[1] in self.jobs else []
            if armed := self._fault("get", where, tags):
                self._misbehave(armed, bearer)
        for method, pattern, handler in self._routes():
            if method == request.method and (match := re.fullmatch(pattern, path)):
                return handler(request, bearer, *match.groups())
        return errors(404, 1001, f"Not found: {request.method} {request.path}")

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("GET", "/backends", self._backends),
            ("GET", f"/backends/{BACKEND}/configuration", self._configuration),
            ("GET", f"/backends/{BACKEND}/properties", self._properties),
            ("GET", f"/backends/{BACKEND}/status", self._status),
            ("GET", "/instances/usage", self._usage),
            ("POST", "/jobs", self._post),
            ("GET", "/jobs", self._list),
            ("GET", "/jobs/([^/]+)", self._get),
            ("GET", "/jobs/([^/]+)/results", self._results),
            ("GET", "/jobs/([^/]+)/metrics", self._metrics),
            ("GET", "/jobs/([^/]+)/logs", self._logs),
            ("POST", "/jobs/([^/]+)/cancel", self._cancel),
            ("PUT", "/jobs/([^/]+)/tags", self._retag),
            ("DELETE", "/jobs/([^/]+)", self._delete),
            ("POST", "/sessions", self._open),
            ("GET", "/sessions/([^/]+)", self._session),
            ("PATCH", "/sessions/([^/]+)", self._stop),
            ("DELETE", "/sessions/([^/]+)/close", self._stop),
        ]

    # The device.

    def _backends(self, request: Received, bearer: str) -> Answer:
        if self._fault("backends"):
            return Answer(body={"devices": []})
        with self._lock:
            # Only looked at: the fault is used up by the question for the status.
            armed = next((a for a in self.armed if FAULTS[a.name].at == "status" and not a.spent), None)
            waiting = sum(job.status == "Queued" for job in self.jobs.values())
        name = {"backend-offline": "offline", "backend-paused": "paused"}.get(
            armed.name if armed else "", "online"
        )
        device = {
            "name": BACKEND,
            "status": {"name": name, "reason": ""},
            "is_simulator": False,
            "qubits": 5,
            "physical_qubits": 5,
            "queue_length": waiting,
            "processor_type": self._device.configuration["processor_type"],
            "clops": {"type": "hardware", "value": 2819},
        }
        return Answer(body={"devices": [device]})

    def _configuration(self, request: Received, bearer: str) -> Answer:
        return Answer(body=self._device.configuration)

    def _properties(self, request: Received, bearer: str) -> Answer:
        before = time.time()
        if given := request.query.get("updated_before"):
            before = datetime.fromisoformat(given[0]).timestamp()
        found = [c for c in self.calibrations if c.at <= before]
        return Answer(body=self._device.properties(found[-1]) if found else {})

    def _status(self, request: Received, bearer: str) -> Answer:
        armed = self._fault("status")
        with self._lock:
            waiting = sum(job.status == "Queued" for job in self.jobs.values())
        status, message = {
            "backend-offline": ("offline", "maintenance"),
            "backend-paused": ("paused", "paused"),
        }.get(armed.name if armed else "", ("active", ""))
        body = {
            "state": status != "offline",
            "status": status,
            "message": message,
            "length_queue": waiting,
            "backend_version": self._device.configuration["backend_version"],
        }
        return Answer(body=body)

    def _usage(self, request: Received, bearer: str) -> Answer:
        with self._lock:
            used = sum(job.quantum_seconds for job in self.jobs.values())
        reached = self._fault("usage") is not None
        consumed = max(used, self.usage_limit) if reached else used
        body = {
            "instance_id": INSTANCE,
            "plan_id": "standin-plan",
            "usage_consumed_seconds": consumed,
            "usage_limit_seconds": self.usage_limit,
            "usage_allocation_seconds": self.usage_limit,
            "usage_limit_reached": reached or consumed >= self.usage_limit,
            "usage_period": {
                "start_time": _iso(self.calibrations[0].at),
                "end_time": _iso(time.time() + 86400),
            },
        }
        return Answer(body=body)

    # Jobs.

    def _post(self, request: Received, bearer: str) -> Answer:
        body = json.loads(request.body)
        tags = list(body.get("tags", []))
        if armed := self._fault("post", request.path, tags):
            self._misbehave(armed, bearer)
        if body.get("program_id") != "executor":
            return errors(404, 1002, f"Program not found: {body.get('program_id')}")
        if body.get("backend") != BACKEND:
            return errors(404, 1003, f"Backend not found: {body.get('backend')}")
        try:
            program, _ = _decode(body["params"])
        except Exception as problem:  # whatever IBM's own models object to
            return errors(400, 1500, f"The payload is not valid: {problem}")
        for circuit in (item.circuit for item in program.items):
            if wrong := self._device.not_isa(circuit):
                with self._lock:
                    self.not_isa.append(wrong)
                return errors(400, 1517, f"Circuits do not match the target definition (non-ISA). {wrong}")
        with self._lock:
            if (session := body.get("session_id")) is not None:
                if session not in self.sessions:
                    return errors(404, 1210, f"Session not found: {session}")
                if not self.sessions[session].accepting:
                    return errors(400, 1217, "The session has been closed.")
            job = self._create(body, program, tags)
        if armed := self._fault("posted", request.path, tags):
            self._misbehave(armed, bearer)
        return Answer(body={"id": job.id, "backend": BACKEND, "session_id": job.session, "private": False})

    def _create(self, body: dict[str, Any], program: Any, tags: list[str]) -> Job:
        """Make a job; every fault of jobs that matches decides a part of its fate."""
        now = time.time()
        self._made += 1
        sizes = [math.prod(item.shape) for item in program.items]
        job = Job(
            id=f"d{self._made:04d}loopback{os.getpid() % 10**7:07d}",
            number=self._made,
            tags=tags,
            params=body["params"],
            session=body.get("session_id"),
            created=now,
            starts=now + self.queue,
            ends=FOREVER,
            shots=program.shots,
            executions=sum(sizes) * program.shots,
            body={k: v for k, v in body.items() if k != "params"},
        )
        used: list[str] = []
        runs, recalibrated = self.run, False
        while (armed := self._fault_of_job(tags, used)) is not None:
            used.append(armed.name)
            match armed.name:
                case "job-failed":
                    job.fate, job.reason, job.reason_code = "Failed", str(armed.value), 9999
                case "job-failed-token-echo":
                    job.fate, job.reason = "Failed", f"Rejected credentials: apikey {self.token}"
                case "job-cancelled":
                    job.fate = "Cancelled"
                case "job-ran-too-long":
                    job.fate, job.reason_code = "Cancelled", 1305
                    job.reason = "Job ran longer than the maximum execution time."
                case "job-odd-status":
                    job.fate = str(armed.value)
                case "job-queued":
                    job.starts = now + float(armed.value)
                case "job-running":
                    runs = float(armed.value)
                case "job-recalibrated":
                    # A start some milliseconds after the creation leaves room for a calibration between them.
                    job.starts = max(job.starts, now + 0.002)
                    recalibrated = True
                case "usage-pending":
                    job.usage_pending = True
        if recalibrated:
            self.calibrate((now + job.starts) / 2)
        job.ends = job.starts + runs
        self.jobs[job.id] = job
        self._save()
        return job

    def _fault_of_job(self, tags: list[str], used: list[str]) -> Armed | None:
        """Use up one job of an armed fault that has not had its say on this job."""
        hidden = [a for a in self.armed if a.name in used]
        shown = [a for a in self.armed if a.name not in used]
        try:
            self.armed = shown
            return self._fault("job", f"{API}/jobs", tags)
        finally:
            self.armed = shown + hidden

    def _advance(self, job: Job) -> None:
        """Bring a job to where the clock says it is; its circuits run when it is first seen at its end."""
        now = time.time()
        if job.status in FINAL or job.status == job.fate:
            return
        if now < job.starts:
            job.status = "Queued"
            return
        if now < job.ends:
            job.status = "Running"
            return
        if job.fate == "Completed":
            try:
                job.result = self._device.run(
                    job.params, self._seed + job.number, self._noise, job.starts, job.ends
                )
            except Exception as problem:  # Aer's refusals are the job's, not the server's
                job.fate, job.reason = "Failed", f"{type(problem).__name__}: {problem}"
        job.status = job.fate
        self._save()

    def _job(self, job_id: str, request: Received) -> Job:
        tags = self.jobs[job_id].tags if job_id in self.jobs else []
        if self._fault("lookup", request.path, tags) or job_id not in self.jobs:
            raise Refusal(errors(404, 1291, f"Job not found. Job ID: {job_id}"))
        job = self.jobs[job_id]
        self._advance(job)
        return job

    def _describe(self, job: Job, *, params: bool = False) -> dict[str, Any]:
        """The job as `GET /jobs/{id}` shows it."""
        too_long = job.status == "Cancelled" and job.reason_code == 1305
        final = job.status in FINAL
        state = {"status": job.status}
        if final and job.reason:
            state |= {"reason": job.reason}
        if final and job.reason_code:
            state |= {"reason_code": job.reason_code}  # type: ignore[dict-item]
        shown: dict[str, Any] = {
            "id": job.id,
            "backend": BACKEND,
            "state": state,
            "status": "Cancelled - Ran too long" if too_long else job.status,
            "program": {"id": job.body.get("program_id", "executor")},
            "created": _iso(job.created),
            "tags": job.tags,
            "runtime": "",
            "private": False,
            "cost": job.body.get("cost", 10800),
            "estimated_running_time_seconds": job.executions * (REP_DELAY + 6e-6),
            "usage": {"quantum_seconds": job.quantum_seconds},
        }
        if final:
            shown["ended"] = _iso(job.ends)
        if job.session:
            shown["session_id"] = job.session
        if params:
            shown["params"] = job.params
        return shown

    def _list(self, request: Received, bearer: str) -> Answer:
        query = {name: values[0] for name, values in request.query.items()}
        tags = request.query.get("tags", [])
        with self._lock:
            for job in self.jobs.values():
                self._advance(job)
            found = [job for job in self.jobs.values() if set(tags) <= set(job.tags)]
        if self._fault("list", request.path, tags):
            found = []
        if "pending" in query:
            found = [job for job in found if (job.status not in FINAL) == (query["pending"] == "true")]
        if "backend" in query:
            found = [job for job in found if query["backend"] == BACKEND]
        if "program" in query:
            found = [job for job in found if job.body.get("program_id") == query["program"]]
        if "session_id" in query:
            found = [job for job in found if job.session == query["session_id"]]
        if "created_after" in query:
            found = [
                j for j in found if j.created >= datetime.fromisoformat(query["created_after"]).timestamp()
            ]
        if "created_before" in query:
            found = [
                j for j in found if j.created <= datetime.fromisoformat(query["created_before"]).timestamp()
            ]
        found.sort(key=lambda job: job.number, reverse=query.get("sort") != "ASC")
        limit, offset = int(query.get("limit", 10)), int(query.get("offset", 0))
        if not 1 <= limit <= 200:
            return errors(400, 1004, f"limit: {limit}; allowed are 1 to 200")
        page = [self._describe(job) for job in found[offset : offset + limit]]
        return Answer(body={"jobs": page, "count": len(found), "limit": limit, "offset": offset})

    def _get(self, request: Received, bearer: str, job_id: str) -> Answer:
        with self._lock:
            job = self._job(job_id, request)
            return Answer(body=self._describe(job, params=request.query.get("exclude_params") != ["true"]))

    def _results(self, request: Received, bearer: str, job_id: str) -> Answer:
        with self._lock:
            job = self._job(job_id, request)
        armed = self._fault("results", request.path, job.tags)
        if armed is not None:
            self._misbehave(armed, bearer)
        if job.status == "Completed":
            return Answer(body=_spoil(job.result, armed.name if armed else ""))
        return Answer(200, job.reason or "") if job.status in FINAL else Answer(204)

    def _metrics(self, request: Received, bearer: str, job_id: str) -> Answer:
        with self._lock:
            job = self._job(job_id, request)
        final = job.status in FINAL
        stamps = {
            "created": _iso(job.created),
            "running": _iso(job.starts) if job.status in ("Running", "Completed", "Failed") else None,
            "finished": _iso(job.ends) if final else None,
        }
        pending = job.usage_pending or not final
        seconds = 0.0 if pending else job.quantum_seconds
        usage = {
            "status": "pending" if pending else "final",
            "quantum_seconds": seconds,
            "seconds": seconds,
            "qpu_charge_time_seconds": seconds,
        }
        body = {
            "timestamps": stamps,
            "bss": {"seconds": seconds},
            "usage": usage,
            "executions": job.executions,
        }
        return Answer(body=body)

    def _logs(self, request: Received, bearer: str, job_id: str) -> Answer:
        self._job(job_id, request)
        return Answer(204)

    def _cancel(self, request: Received, bearer: str, job_id: str) -> Answer:
        if armed := self._fault("cancel", request.path):
            self._misbehave(armed, bearer)
        with self._lock:
            job = self._job(job_id, request)
            if job.status in FINAL:
                return errors(409, 1292, f"Job in terminal state. Job ID: {job_id}")
            job.status = job.fate = "Cancelled"
            job.ends = time.time()
            self._save()
        return Answer(204)

    def _retag(self, request: Received, bearer: str, job_id: str) -> Answer:
        with self._lock:
            self._job(job_id, request).tags = list(json.loads(request.body)["tags"])
            self._save()
        return Answer(204)

    def _delete(self, request: Received, bearer: str, job_id: str) -> Answer:
        with self._lock:
            self._job(job_id, request)
            del self.jobs[job_id]
            self._save()
        return Answer(204)

    # Batches and sessions.

    def _open(self, request: Received, bearer: str) -> Answer:
        body = json.loads(request.body)
        mode = body.get("mode", "dedicated")
        armed = self._fault("sessions", request.path)
        if armed is not None and armed.value in (None, mode):
            return errors(400, 1352, "You are not authorized to run a session when using the open plan.")
        with self._lock:
            new = Session(
                f"s{len(self.sessions) + 1:04d}loopback{os.getpid() % 10**7:07d}",
                mode,
                body.get("backend", BACKEND),
                body.get("max_ttl"),
                time.time(),
            )
            self.sessions[new.id] = new
            self._save()
        return Answer(body=self._show(new))

    def _known(self, session_id: str) -> Session:
        if session_id not in self.sessions:
            raise Refusal(errors(404, 1210, f"Session not found: {session_id}"))
        return self.sessions[session_id]

    def _show(self, session: Session) -> dict[str, Any]:
        mine = [job for job in self.jobs.values() if job.session == session.id]
        for job in mine:
            self._advance(job)
        waiting = any(job.status not in FINAL for job in mine)
        state = "active" if waiting else ("open" if session.accepting else "closed")
        return {
            "id": session.id,
            "backend_name": session.backend,
            "mode": session.mode,
            "state": state,
            "accepting_jobs": session.accepting,
            "max_ttl": session.max_ttl or 28800,
            "active_ttl": 28800,
            "interactive_ttl": 60 if session.mode == "dedicated" else 1,
            "started_at": _iso(session.created),
            "closed_at": _iso(session.closed) if session.closed else None,
            "elapsed_time": sum(job.quantum_seconds for job in mine),
        }

    def _session(self, request: Received, bearer: str, session_id: str) -> Answer:
        with self._lock:
            return Answer(body=self._show(self._known(session_id)))

    def _stop(self, request: Received, bearer: str, session_id: str) -> Answer:
        """Take no more jobs; a DELETE also cancels those that wait."""
        with self._lock:
            session = self._known(session_id)
            session.accepting, session.closed = False, time.time()
            for job in self.jobs.values():
                if request.method == "DELETE" and job.session == session_id:
                    self._advance(job)
                    if job.status not in FINAL:
                        job.status = job.fate = "Cancelled"
            self._save()
        return Answer(204)

    # The test's own questions over HTTP.

    def _control(self, request: Received) -> Answer:
        body = json.loads(request.body) if request.body else {}
        match request.method, request.path.removeprefix("/_standin/"):
            case "GET", "state":
                return Answer(body=self.state())
            case "GET", "faults":
                return Answer(body={name: fault.text for name, fault in FAULTS.items()})
            case "POST", "faults":
                try:
                    for order in body if isinstance(body, list) else [body]:
                        self.arm(**order)
                except (TypeError, ValueError) as problem:
                    return error(400, 1, str(problem))
            case "POST", "settings":
                for name, value in body.items():
                    if name not in ("queue", "run", "usage_limit"):
                        return error(400, 2, f"setting: {name}; allowed are queue, run, usage_limit")
                    setattr(self, name, float(value))
            case "POST", "calibrate":
                self.calibrate(body.get("at"))
            case "POST", "release":
                self.release()
            case "POST", "clear":
                self.disarm()
            case _:
                return error(404, 3, f"no {request.method} {request.path}")
        return Answer(body={"armed": [dataclasses.asdict(armed) for armed in self.armed]})


class Device:
    """The five-qubit device: FakeManilaV2's files under another name, with Aer behind them."""

    def __init__(self) -> None:
        """Read the device's files and import what runs circuits."""
        # Here, and not at the top of the file, so that reading the file costs nothing.
        from qiskit_ibm_runtime import fake_provider
        from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
        from qiskit_ibm_runtime.utils.backend_decoder import (
            configuration_from_server_data,
            properties_from_server_data,
        )

        folder = Path(fake_provider.__file__).parent / "backends" / "manila"
        self.configuration = json.loads((folder / "conf_manila.json").read_text()) | {"backend_name": BACKEND}
        self._properties = json.loads((folder / "props_manila.json").read_text()) | {"backend_name": BACKEND}
        self._target = convert_to_target(
            configuration_from_server_data(copy.deepcopy(self.configuration)),
            properties_from_server_data(self.properties(Calibration(0.0, 1.0))),
        )
        self._simulators: dict[float, Any] = {}
        self._busy = threading.Lock()

    def properties(self, calibration: Calibration) -> dict[str, Any]:
        """The properties after one calibration: its date, and readout and gate errors times its factor."""
        date = _iso(calibration.at)
        shown: dict[str, Any] = copy.deepcopy(self._properties)
        shown["last_update_date"] = date
        tables = [*shown["qubits"], *(gate["parameters"] for gate in shown["gates"]), shown["general"]]
        for entry in (entry for table in tables for entry in table):
            entry["date"] = date
            if entry["name"] in ("readout_error", "prob_meas0_prep1", "prob_meas1_prep0", "gate_error"):
                entry["value"] *= calibration.factor
        return shown

    def not_isa(self, circuit: Any) -> str:
        """Why a circuit is outside the device's instruction set; empty when it is inside."""
        from qiskit_ibm_runtime.utils.utils import is_isa_circuit

        return str(is_isa_circuit(circuit, self._target))

    def run(self, params: dict[str, Any], seed: int, noise: float, start: float, stop: float) -> str:
        """Run a payload, and return the results as the client's decoder reads them."""
        from ibm_quantum_schemas.common import CompressedTensorModel  # type: ignore[import-untyped]
        from ibm_quantum_schemas.executor import version_2_0 as schema  # type: ignore[import-untyped]
        from qiskit_ibm_runtime.fake_provider.executor.run_quantum_program import run_quantum_program
        from qiskit_ibm_runtime.options_models.simulator import SimulatorOptions
        from qiskit_ibm_runtime.quantum_program.converters.converters_2_0 import passthrough_data_to_2_0

        program, _ = _decode(params)
        for item in program.items:
            if hasattr(item, "samplex"):
                item.samplex.finalize()  # the wire carries it unfinished
        ran = []
        for number, item in enumerate(program.items):  # one by one: all items of a program share its seed
            alone = copy.copy(program)
            alone.items = [item]
            options = SimulatorOptions(seed_simulator=seed * 100_003 % 2**31 + number, angle_decimals=12)
            with self._busy:
                ran += run_quantum_program(self._simulator(noise), alone, options)
        data = [
            schema.QuantumProgramResultItemModel(
                results={name: CompressedTensorModel.from_numpy(values) for name, values in item.items()},
                metadata=schema.ItemMetadataModel(),
            )
            for item in ran
        ]
        sizes = [math.prod(item.shape) for item in program.items]
        parts = [
            schema.ChunkPart(
                idx_item=i,
                size=size,
                permutation=list(range(len(program.items[i].shape))),
                element_range=(0, size, 1),
            )
            for i, size in enumerate(sizes)
        ]
        span = schema.ChunkSpan(
            start=datetime.fromtimestamp(start, UTC), stop=datetime.fromtimestamp(stop, UTC), parts=parts
        )
        model = schema.QuantumProgramResultModel(
            data=data,
            metadata=schema.MetadataModel(chunk_timing=[span]),
            passthrough_data=passthrough_data_to_2_0(program.passthrough_data),
            semantic_role=program._semantic_role,
        )
        return str(model.model_dump_json())

    def _simulator(self, noise: float) -> Any:
        from qiskit_aer import AerSimulator
        from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

        if noise not in self._simulators:
            model = NoiseModel()
            if noise:
                model.add_all_qubit_quantum_error(depolarizing_error(noise, 2), ["cx"])
                model.add_all_qubit_readout_error(ReadoutError([[1 - noise, noise], [noise, 1 - noise]]))
            self._simulators[noise] = AerSimulator(
                noise_model=model if noise else None, max_parallel_threads=1, method="automatic"
            )
        return self._simulators[noise]


@functools.cache
def _device() -> Device:
    """The device, which holds nothing of any one service."""
    return Device()


def _decode(params: dict[str, Any]) -> Any:
    """The program and the options of a payload, by the client's own converter."""
    from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"]
    return converter.decoder(converter.model.model_validate(params))


def _spoil(result: str, fault: str) -> str:
    """The results as a fault leaves them."""
    from ibm_quantum_schemas.common import CompressedTensorModel

    if fault == "results-empty":
        return ""
    if fault == "results-truncated":
        return result[: len(result) // 2]
    if fault not in ("results-fewer-pubs", "results-fewer-shots"):
        return result
    told = json.loads(result)
    if fault == "results-fewer-pubs":
        told["data"].pop()
        return json.dumps(told)
    for item in told["data"]:
        for name, tensor in item["results"].items():
            values = CompressedTensorModel.model_validate(tensor).to_numpy()
            # Axis -2 is the shots; that of a twirl's flips has length one.
            kept = values[..., : max(1, values.shape[-2] // 2), :]
            item["results"][name] = CompressedTensorModel.from_numpy(kept).model_dump(mode="json")
    return json.dumps(told)


def _iso(seconds: float) -> str:
    """A time as IBM writes it, with microseconds."""
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _handler(server: StandIn) -> type[BaseHTTPRequestHandler]:
    """The class that turns HTTP into `StandIn.answer`."""

    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: a connection a request, so that none is left open in a client's pool.
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            request = Received(
                self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body
            )
            try:
                answer = server.answer(request)
            except Drop:
                return
            except Exception as problem:  # a mistake here must look like one, not like a fault
                answer = error(500, 0, f"stand-in: {type(problem).__name__}: {problem}")
                sys.stderr.write(f"stand-in: {type(problem).__name__}: {problem}\n")
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            data = b"" if answer.status == 204 else text.encode()
            self.send_response(answer.status)
            headers = dict(answer.headers)
            headers.setdefault("Content-Type", "application/json")
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def handle(self) -> None:
            """Serve, and let a client that is gone be gone."""
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what came is in `requests`."""

    return Handler


def connect(url: str, token: str = TOKEN) -> Any:
    """The client's service on a stand-in.

    The environment needs IAM_URL (the same URL) and QISKIT_FUNCTIONS_EXPERIMENTAL=1, without which the client
    looks for its instances in IBM's public catalogue. USAGE_DATA_OPT_OUT=True makes each request faster.
    """
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        url=url,
        url_resolver=lambda url, instance, private, channel: f"{url}{API}",
        token=token,
        instance=INSTANCE,
    )


def main(arguments: list[str] | None = None) -> None:
    """Serve as a program."""
    parser = argparse.ArgumentParser(description="A stand-in for IBM's Qiskit Runtime REST service.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:N[:SKIP]]",
        help="N may be 'forever'; may be repeated",
    )
    parser.add_argument("--queue", type=float, default=0.0, help="seconds that a job waits")
    parser.add_argument("--run", type=float, default=0.0, help="seconds that a job runs")
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--state", type=Path, help="keep the jobs in this file, also over a restart")
    parser.add_argument("--faults", action="store_true", help="list the faults")
    options = parser.parse_args(arguments)
    if options.faults:
        for name, fault in FAULTS.items():
            print(f"{name:24}{fault.text}")
        return
    orders = []
    for order in options.fault:
        name, times, skip = (*order.split(":"), *("1", "0")[order.count(":") :])[:3]
        if name not in FAULTS:
            parser.error(f"--fault {name}: allowed are {', '.join(FAULTS)}")
        if not (times == "forever" or times.isdigit()) or not skip.isdigit():
            parser.error(f"--fault {order}: expected NAME[:N[:SKIP]] with whole numbers, or 'forever' for N")
        orders.append((name, None if times == "forever" else int(times), int(skip)))
    server = StandIn(
        port=options.port,
        token=options.token,
        queue=options.queue,
        run=options.run,
        seed=options.seed,
        noise=options.noise,
        state=options.state,
    )
    for name, number, passed in orders:
        server.arm(name, number, skip=passed)
    hello = {
        "url": server.url,
        "iam_url": server.url,
        "token": options.token,
        "instance": INSTANCE,
        "backend": BACKEND,
        "pid": os.getpid(),
    }
    print(json.dumps(hello), flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
