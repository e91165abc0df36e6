"""Whatever a provider's code raises becomes one `TargetError` of one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qcoord_hw.errors import QcoordError, TargetError
from qcoord_hw.spec import one_line

MAX_WORDS = 240
"""Characters of a provider's own words in an error; some print whole circuits."""

MAX_NAME = 40

MIN_SECRET = 6
"""Characters of the shortest value that is taken for a secret."""

_SECRET = re.compile("token|key|secret|passw|credential|auth", re.IGNORECASE)
_ACCESS = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


@contextmanager
def provider(name: str) -> Iterator[None]:
    """Turn what is raised inside into a `TargetError` that names the target.

    A panic of compiled code and `SystemExit` are caught too: they are the provider's, not the user's. An
    interrupt by the user is none of the provider's and passes.
    """
    try:
        yield
    except (QcoordError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise TargetError(f"target {name!r} failed: {words(error)}; what was counted is kept") from error


def words(error: BaseException) -> str:
    """Return an exception's kind and text on one line, not too long; its text may raise itself."""
    try:
        text = one_line(scrub(str(error)))
    except Exception:
        text = "no text"
    kind = type(error).__name__
    return f"{kind}: {text[:MAX_WORDS]}{'...' if len(text) > MAX_WORDS else ''}"


def scrub(text: str) -> str:
    """Return a provider's text without what the environment calls a secret, and without access tokens.

    Args:
        text: that may repeat what the provider was given to log in with.
    """
    for name, value in os.environ.items():
        if len(value) >= MIN_SECRET and _SECRET.search(name):
            text = text.replace(value, "***")
    return _ACCESS.sub("***", text)


def name_of(target: Any) -> str:
    """Return the name of a backend or sampler, such that it can stand in a folder's name.

    What has no name, or none that can be read, is called by its class.
    """
    try:
        stated = target.name
    except Exception:
        stated = None
    name = stated if isinstance(stated, str) and stated.strip() else type(target).__name__
    return safe_name(name)


def safe_name(name: str) -> str:
    """Return a name such that it can stand in a folder's name."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in name)
    return safe.strip(".")[:MAX_NAME] or "target"


def stated(target: Any, attribute: str) -> Any:
    """Return an attribute of a provider's object; None where it has none, or it cannot be read."""
    try:
        return getattr(target, attribute, None)
    except Exception:
        return None
