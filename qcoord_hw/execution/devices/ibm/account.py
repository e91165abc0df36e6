"""Which IBM account, whether anybody answers, and whether it is let in: asked before the client is started.

The client alone takes a minute to notice that a token is bad or the network away, and calls both by one name.
"""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse, urlsplit

from qcoord_hw.errors import InputError, TargetError
from qcoord_hw.execution.devices.ibm.private import account_file, interface_url, read_account, token_url
from qcoord_hw.spec import one_line

URL = "QCOORD_IBM_URL"
TOKEN = "QISKIT_IBM_TOKEN"
CHANNEL = "QISKIT_IBM_CHANNEL"
INSTANCE = "QISKIT_IBM_INSTANCE"
IAM = "IAM_URL"

CHANNELS = ("ibm_quantum_platform", "ibm_cloud")

TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and to wait for an answer, of each question that is asked here."""

BUSY = (429, 500, 502, 503, 504, 520, 521, 522, 524)
PAUSES = (0.5, 1.5)
"""Status codes after which it is asked again, and after how many seconds."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PLAIN_URL = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?|\[[0-9a-f:.]+\])"
    r"(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/+=,:-]*)?",
    re.IGNORECASE,
)
_ACCESS_TOKEN = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"


@dataclass(frozen=True)
class Account:
    """An account and where it is served.

    Attributes:
        token: the API key; never printed.
        source: where it was found, in words.
        instance: its CRN, or None to let the client choose.
        iam_url: where access tokens are given out.
        base_url: of the REST interface; None where it depends on the instance that the client chooses.
        own_server: whether `QCOORD_IBM_URL` is set.
        verify: whether certificates are checked.
        proxies: as `requests` takes them.
        notes: what the user should know, a line each.
    """

    token: str = field(repr=False)
    source: str
    instance: str | None
    iam_url: str
    base_url: str | None
    own_server: bool
    verify: bool = True
    proxies: dict[str, Any] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    def scrub(self, text: str) -> str:
        """Return text without the API key, and without the tokens that it gives access with."""
        return _ACCESS_TOKEN.sub("***", text.replace(self.token, "***"))


def find_account() -> Account:
    """Return the account of the environment, else the saved one, as Qiskit's own client finds it.

    Raises:
        InputError: when a variable is wrong.
        TargetError: when there is no account.
    """
    own = os.environ.get(URL, "").rstrip("/")
    for name in (URL, IAM):
        _check_url(name, os.environ.get(name, ""))
    channel = os.environ.get(CHANNEL)
    if channel and channel not in CHANNELS:
        raise InputError(f"{CHANNEL}: {channel!r}; allowed are {', '.join(CHANNELS)}")
    try:
        found = read_account()
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise TargetError(
            f"no account: {account_file()} cannot be read ({type(error).__name__}); repair or delete "
            f"it, or set {TOKEN}"
        ) from None
    if found is None:
        raise TargetError(
            f"no account: neither {TOKEN} nor a saved account is there; set {TOKEN} and {INSTANCE}, or save "
            "one with qiskit_ibm_runtime.QiskitRuntimeService.save_account"
        )
    if not isinstance(found.token, str) or not found.token.strip():
        raise TargetError(f"no account: the token is empty; set {TOKEN}, or save an account")
    _check_url("url of the account", found.url or "")
    from_environment = bool(os.environ.get(TOKEN))
    instance = os.environ.get(INSTANCE) or found.instance
    if own and not str(instance or "").startswith("crn:"):  # another server may call it as it likes
        instance = f"crn:v1:bluemix:public:quantum-computing:us-east:a/0:{instance or 'own'}::"
    base = f"{own}/api/v1" if own else None
    if base is None and instance and instance.startswith("crn:"):
        base = interface_url(found, instance)
    iam = (os.environ.get(IAM) or token_url(found.url)).rstrip("/")
    for name, value in (("saved account", iam), ("saved account", base or "")):
        _check_url(name, value)
    return Account(
        token=found.token,
        source=f"the environment ({TOKEN})" if from_environment else f"the saved account ({account_file()})",
        instance=instance,
        iam_url=iam,
        base_url=base,
        own_server=bool(own),
        verify=found.verify is not False,
        proxies=found.proxies.to_request_params().get("proxies", {}) if found.proxies else {},
        notes=() if from_environment else _open_to_others(account_file()),
    )


def account_of(service: Any) -> Account:
    """Return the account of a service of the runtime client that somebody made."""
    saved = service.active_account() or {}
    return Account(str(saved.get("token") or "***"), "the service", saved.get("instance"), "", None, False)


def probe(account: Account, device: str) -> None:
    """Ask for an access token and for the device, and say at once what is wrong.

    Args:
        account: the account.
        device: name of the device that is wanted.

    Raises:
        TargetError: no network, a bad token, no access to the instance, or an instance without the device.
    """
    form = {"grant_type": _GRANT, "apikey": account.token, "response_type": "cloud_iam"}
    answer = _ask(account, "POST", f"{account.iam_url}/identity/token", data=form)
    if answer.status_code in (400, 401, 403):
        raise TargetError(
            f"bad token: {_host(account.iam_url)} refuses the API key of {account.source}; "
            "create a new one at https://quantum.cloud.ibm.com and set it there"
        )
    try:
        bearer = answer.json()["access_token"] if answer.status_code < 300 else None
    except (ValueError, KeyError, TypeError):
        bearer = None
    if bearer is None:
        raise TargetError(
            f"the token service {_host(account.iam_url)} answers with status {answer.status_code}; "
            "try again later"
        )
    if account.base_url is None:
        return
    headers = {"Authorization": f"Bearer {bearer}", "Service-CRN": str(account.instance)}
    listed = _answer_of(account, _ask(account, "GET", f"{account.base_url}/backends", headers=headers))
    try:
        names = [str(one["name"]) for one in listed["devices"]]
    except (KeyError, TypeError):
        raise TargetError(
            f"the server {_host(account.base_url)} does not list its backends; is {URL} a runtime server?"
        ) from None
    if device not in names:
        has = account.scrub(one_line(", ".join(names)))[:200] or "none"
        raise TargetError(
            f"the instance has no backend {device!r}; it has {has}: check {INSTANCE} and --target"
        )
    where = f"{account.base_url}/backends/{device}/configuration"  # the client hides why it cannot have it
    _answer_of(account, _ask(account, "GET", where, headers=headers))


def _answer_of(account: Account, answer: Any) -> Any:
    """Return what the REST interface answers.

    Raises:
        TargetError: when it does not let the account in, or answers with an error or no JSON.
    """
    host = _host(str(account.base_url))
    if answer.status_code in (401, 403):
        raise TargetError(
            f"bad token: {host} does not let in {account.source} (status {answer.status_code}); "
            f"check that {INSTANCE} belongs to it"
        )
    if answer.status_code >= 300:
        raise TargetError(f"the server {host} answers with status {answer.status_code}; try again later")
    try:
        return answer.json()
    except ValueError:
        raise TargetError(
            f"the server {host} answers with something else than JSON; check {URL}, a proxy or a login page"
        ) from None


def _ask(account: Account, method: str, url: str, **arguments: Any) -> Any:
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = not _is_loopback(url)
            session.proxies = account.proxies
            session.auth = lambda request: request  # or a .netrc would replace the header
            for pause in (*PAUSES, None):
                # A redirection would carry the key to wherever it says.
                checks: dict[str, Any] = {
                    "timeout": TIMEOUT,
                    "verify": account.verify,
                    "allow_redirects": False,
                }
                answer = session.request(method, url, **checks, **arguments)
                if pause is None or answer.status_code not in BUSY:
                    return answer
                time.sleep(pause)
            raise AssertionError("the last attempt returns")
    except requests.RequestException as error:
        raise TargetError(
            f"no network: {_host(url)} does not answer ({type(error).__name__}); "
            f"check the connection, a proxy, or {URL} and {IAM}"
        ) from None


def _check_url(name: str, value: str) -> None:
    """Check that a token would not travel in clear.

    Raises:
        InputError: when it is no URL, or not encrypted and not on this machine.
    """
    if not value:
        return
    if not _is_plain(value):
        raise InputError(
            f"{name}: {one_line(_without_user(value), 80)!r}; allowed is a URL such as https://host"
        )
    if urlparse(value).scheme == "http" and not _is_loopback(value):
        raise InputError(
            f"{name}: {_host(value)!r} over http would send the token in clear; "
            "allowed is https, or http to this machine"
        )


def _is_plain(url: str) -> bool:
    """Return whether a URL is read alike by everybody: a host by its name or number, a port, a path, no more.

    A backslash, a space, user information, an escaped or foreign letter in the host: one reader makes of it
    another host than the next one does, and who sends is not who checks.
    """
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    if not _PLAIN_URL.fullmatch(url):
        return False
    try:
        ours, theirs = urlsplit(url), parse_url(url)
        host, port = (theirs.host or "").strip("[]"), ours.port
    except (ValueError, LocationParseError):
        return False
    return (ours.scheme, ours.hostname, port) == (theirs.scheme, host, theirs.port) and theirs.auth is None


def _without_user(url: str) -> str:
    """Return a URL without what may be a secret in it, for an error."""
    return re.sub(r"//.*@", "//***@", url)


def _is_loopback(url: str) -> bool:
    return urlparse(url).hostname in _LOOPBACK


def _host(url: str) -> str:
    return urlparse(url).netloc.rpartition("@")[2]


def _open_to_others(path: Path) -> tuple[str, ...]:
    """Return a line if other users of this machine can read the saved token."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ()
    if os.name == "nt" or not mode & 0o077:
        return ()
    return (f"{path} holds your token and others can read it (mode {mode:04o}); run: chmod 600 {path}",)
