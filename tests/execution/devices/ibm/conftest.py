"""A stand-in for IBM's service for each test that asks for `server`, and the unmodified client on it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NAME = "qcoord_ibm_standin"


@pytest.fixture(scope="session")
def standin() -> ModuleType:
    """The module `standin.py`, loaded by its path: tests are not a package."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(NAME, Path(__file__).with_name("standin.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[NAME]


@pytest.fixture
def server(standin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A running stand-in, to which the client's environment points."""
    with standin.StandIn() as running:
        monkeypatch.setenv("IAM_URL", running.url)
        monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
        # Otherwise the client looks through the whole call stack, source files and all, at every request.
        monkeypatch.setenv("USAGE_DATA_OPT_OUT", "True")
        yield running


@pytest.fixture
def service(standin: ModuleType, server: Any) -> Any:
    """The client's service on the stand-in."""
    return standin.connect(server.url)


@pytest.fixture
def backend(standin: ModuleType, service: Any) -> Any:
    """The client's five-qubit backend."""
    return service.backend(standin.BACKEND)


@pytest.fixture
def timeout(request: pytest.FixtureRequest) -> tuple[float, float]:
    """How long the client waits to connect and for an answer, in seconds.

    Short where a test's name says that no answer comes; elsewhere every answer is waited for.
    """
    silent = any(word in request.node.name for word in ("hang", "never_answers"))
    return (60.0, 0.5 if silent else 60.0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the client's HTTP retries not wait, and list the seconds that each would have waited."""
    from urllib3.util.retry import Retry

    waits: list[float] = []

    def sleep(self: Retry, response: Any = None) -> None:
        asked = self.get_retry_after(response) if response is not None else None
        waits.append(self.get_backoff_time() if asked is None else asked)

    monkeypatch.setattr(Retry, "sleep", sleep)
    return waits
