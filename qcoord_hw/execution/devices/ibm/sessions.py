"""HTTP sessions for the runtime client: they wait only so long, and never repeat what creates something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qcoord_hw.execution.devices.ibm.errors import is_timeout
from qcoord_hw.execution.devices.ibm.private import retry_class, session_class, sessions_of

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two bytes of an answer; the client itself would wait for ever."""

TIMEOUT_CONNECTING = (3.0, 5.0)
"""The same while a device is being found."""


class Contact:
    """How long the client waits for answers, and whether it should wait for any more.

    Attributes:
        hurried: whether somebody is waiting for the first answer.
        silent: the timeout after which, while hurried, no other question is asked.
    """

    def __init__(self) -> None:
        """Begin with the usual patience."""
        self.hurried = False
        self.silent: Exception | None = None

    @property
    def timeout(self) -> tuple[float, float]:
        """Seconds, as `requests` takes them."""
        return TIMEOUT_CONNECTING if self.hurried else TIMEOUT

    @contextmanager
    def short(self) -> Iterator[None]:
        """Wait only a short while, and only once: somebody is waiting, and the client would ask again."""
        self.hurried, self.silent = True, None
        try:
            yield
        except Exception:  # the client says "no backend" whatever happened
            if self.silent is not None:
                raise self.silent  # noqa: B904 (as it was raised first, with its causes)
            raise
        finally:
            self.hurried, self.silent = False, None


contact = Contact()


def careful_adapter() -> Any:
    """Return what repeats questions over HTTP, but never what creates something."""
    from requests.adapters import HTTPAdapter

    kind, again = retry_class()

    class Questions(kind):  # type: ignore[misc, valid-type]
        def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
            return method.upper() != "POST" and bool(super().is_retry(method, status_code, has_retry_after))

    retry = Questions(
        total=3,
        connect=1,
        read=0,
        backoff_factor=0.5,
        status_forcelist=again,
        respect_retry_after_header=False,  # it may say hours; who asks again here waits half a minute at most
    )
    return HTTPAdapter(max_retries=retry)


@contextmanager
def careful_sessions() -> Iterator[None]:
    """Give a service that is made here sessions that wait only so long and send nothing twice."""
    kind = session_class()

    class Careful(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            for scheme in ("http://", "https://"):
                self.mount(scheme, careful_adapter())

        def request(self, *arguments: Any, **named: Any) -> Any:
            if contact.silent is not None:
                raise contact.silent
            try:
                # In place of 900 s for a POST, and none at all for a question.
                return super().request(*arguments, **(named | {"timeout": contact.timeout}))
            except Exception as error:
                if contact.hurried and is_timeout(error):
                    contact.silent = error
                raise

    with sessions_of(Careful):
        yield
