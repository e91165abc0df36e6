"""What an error of the runtime client means: HTTP status and the server's words hide in its causes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from qcoord_hw.errors import QcoordError, TargetError
from qcoord_hw.execution.devices.ibm.account import INSTANCE, Account
from qcoord_hw.spec import one_line

MAX_WORDS = 400
"""Characters of an error that are told."""


@contextmanager
def explained(account: Account | None) -> Iterator[None]:
    """Turn whatever the client raises into one line without a token.

    Raises:
        TargetError: saying what is wrong, and what to do about it where that is known.
    """
    try:
        yield
    except QcoordError as error:
        if account is not None and account.scrub(str(error)) != str(error):
            raise type(error)(account.scrub(str(error))) from None
        raise
    except Exception as error:
        words, status = words_of(error, account), status_code(error)
        if gives_errors(error):
            words = "the server keeps answering with errors; try again later"
        elif is_connection(error):
            kind = "too slow" if is_timeout(error) else "connection lost"
            words = f"no network: the server does not answer any more ({kind}); check the connection"
        elif status is None and isinstance(error, ValueError) and "JSON" in type(error).__name__:
            words = "the server answers with something else than JSON; check for a proxy or a login page"
        elif status in (401, 403):
            words = f"bad token, or no right to the instance: {words}; check {INSTANCE}"
        elif status == 429:
            words = "the server asks to wait (status 429), again and again; try again later"
        elif status is not None:
            words = f"the server answers with status {status}: {words}"
        raise TargetError(words) from None


def words_of(error: BaseException, account: Account | None) -> str:
    """Return an error in one line, in the server's words if it has some, without a token or half of one."""
    words = error_text(error) or f"{type(error).__name__}: {one_line(error)}"
    return (account.scrub(words) if account else words)[:MAX_WORDS]


def error_text(error: BaseException) -> str:
    """Return the message that IBM's servers put into the body of an error; empty if there is none."""
    for one in chain(error):
        try:
            response = one.response  # type: ignore[attr-defined]
            body = response.json()
            first = body["errors"][0] if "errors" in body else body["error"]
            return f"{one_line(first['message'])} (code {first.get('code', response.status_code)})"
        except (AttributeError, ValueError, KeyError, TypeError, IndexError):
            continue
    return ""


def refusal(error: BaseException, account: Account | None) -> str:
    """Return why the server refuses a job, and what to do about a plan that is used up."""
    words = words_of(error, account)
    if "3458" in words or "pending" in words.lower():
        return f"too many jobs wait: {words}; `qcoord collect` when some are done, then submit the run again"
    if "plan" in words.lower() and re.search("limit|quota|exceed|used up", words.lower()):
        return f"plan limit: {words}; wait for the next period or choose another {INSTANCE}"
    return words


def status_code(error: BaseException) -> int | None:
    """Return the HTTP status behind an error; None if there was no answer."""
    for one in chain(error):
        for holder in (one, getattr(one, "response", None)):
            status = getattr(holder, "status_code", None)
            if isinstance(status, int) and status > 0:
                return status
    return None


def retry_after(error: BaseException) -> float:
    """Return the seconds that the server asks to wait, at most half a minute."""
    for one in chain(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        try:
            return min(30.0, float(headers["Retry-After"]))
        except (KeyError, ValueError):
            continue
    return 0.0


def is_connection(error: BaseException) -> bool:
    """Return whether there was no answer, or none to the end."""
    import requests

    if status_code(error) is not None:
        return False
    cut_short = requests.exceptions.ChunkedEncodingError
    kinds = (requests.ConnectionError, requests.Timeout, cut_short, ConnectionError)
    return gives_errors(error) or any(isinstance(one, kinds) for one in chain(error))


def gives_errors(error: BaseException) -> bool:
    """Return whether the client gave up on a server that answered with errors only."""
    import requests

    return any(isinstance(one, requests.exceptions.RetryError) for one in chain(error))


def is_cut_short(error: BaseException) -> bool:
    """Return whether an answer began but did not come to its end."""
    import requests

    return any(isinstance(one, requests.exceptions.ChunkedEncodingError) for one in chain(error))


def is_timeout(error: BaseException) -> bool:
    """Return whether somebody took a question but did not answer in time."""
    import requests

    return any(isinstance(one, requests.Timeout) or "timed out" in str(one) for one in chain(error))


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, however that was hidden."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
