"""All that is taken of the runtime client beyond its documented interface: what a new version may break.

It was written for, and is tested with, the versions of `CLIENT`; another one is refused by name before
anything is asked of a server. One class is exchanged, that of the client's HTTP sessions, while a service is
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from qcoord_hw.errors import TargetError

CLIENT = ((0, 51), (0, 52))
"""The first version of the client whose private parts these are, and the first of which nobody knows."""


def check_client() -> None:
    """Check that the installed client is one whose parts these are.

    Raises:
        TargetError: with the command that installs one.
    """
    low, high = (".".join(map(str, one)) for one in CLIENT)
    wanted = f"pip install 'qiskit-ibm-runtime>={low},<{high}'"
    try:
        installed = version("qiskit-ibm-runtime")
    except PackageNotFoundError:
        raise TargetError(f"IBM devices need qiskit-ibm-runtime, which is not installed: {wanted}") from None
    numbers = tuple(int(part) if part.isdecimal() else 0 for part in installed.split(".")[:2])
    if not CLIENT[0] <= numbers < CLIENT[1]:
        raise TargetError(
            f"IBM devices need qiskit-ibm-runtime {low}; installed is {installed[:40]}: {wanted}"
        )


def read_account() -> Any:
    """Return the account of the environment, else the saved one; None where there is none.

    Raises:
        Exception: of any kind, where the file of saved accounts cannot be read.
    """
    from qiskit_ibm_runtime.accounts import AccountManager
    from qiskit_ibm_runtime.accounts.exceptions import AccountsError

    try:
        return AccountManager.get()
    except AccountsError:
        return None


def account_file() -> Path:
    """Return where accounts are saved."""
    from qiskit_ibm_runtime.accounts.management import _DEFAULT_ACCOUNT_CONFIG_JSON_FILE

    return Path(_DEFAULT_ACCOUNT_CONFIG_JSON_FILE).expanduser()


def token_url(url: str | None) -> str:
    """Return where the client asks for access tokens for an account of that URL."""
    from qiskit_ibm_runtime.accounts.utils import get_iam_api_url

    return str(get_iam_api_url(url))


def interface_url(account: Any, instance: str) -> str:
    """Return where the client finds the REST interface of an instance, by its CRN."""
    from qiskit_ibm_runtime.api.utils import default_runtime_url_resolver

    return str(default_runtime_url_resolver(account.url, instance, account.private_endpoint, account.channel))


def retry_class() -> tuple[Any, Any]:
    """Return the class by which the client's sessions repeat requests, and after which status codes."""
    from qiskit_ibm_runtime.api import session

    return session.PostForcelistRetry, session.STATUS_FORCELIST


def session_class() -> Any:
    """Return the class of the client's HTTP sessions."""
    from qiskit_ibm_runtime.api import session

    return session.RetrySession


@contextmanager
def sessions_of(kind: Any) -> Iterator[None]:
    """Let services that are made here have sessions of another class."""
    from qiskit_ibm_runtime.api import client

    usual, client.RetrySession = client.RetrySession, kind
    try:
        yield
    finally:
        client.RetrySession = usual


def session_of(backend: Any) -> Any:
    """Return the HTTP session by which a backend's jobs are sent; None where it has none."""
    return getattr(getattr(backend, "_api_client", None), "_session", None)


def instance_of(backend: Any) -> Any:
    """Return the CRN of the instance that a backend belongs to; None where it does not say."""
    return getattr(backend, "_instance", None)


def reason_of(job: Any) -> Any:
    """Return why a job was cancelled, which the client tells nowhere else; None where there is no reason."""
    return getattr(job, "_reason", None)
