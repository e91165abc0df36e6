"""What a checker says of a claimed answer, path by path: every value is confirmed, refuted or not checked.

A path is the tuple of keys and indices that leads to a value of the answer's JSON; as text it is dotted
(`frontier.time_shared`, `M.0.3`), with a key quoted where a dot in it would mislead. A path covers everything
below it. Whatever number a checker does not confirm is named in `not_checked`, so that none is accepted
unseen: not one that the checker forgot, nor one that somebody added. Texts that are no numbers are labels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Path = tuple[str | int, ...]

CONFIRMED = "confirmed"
ANY = -1
"""In a path that is confirmed: any one key or index."""

SHOWN = 60
"""Characters of a claimed value that a violation line shows."""

MAX_LINE = 300
MAX_LINES = 100
MAX_DIGITS = 400
"""Characters of a number written as text."""


@dataclass(frozen=True)
class Verdict:
    """What a checker found.

    Attributes:
        violations: a line for each condition that fails; the answer holds if there is none.
        confirmed: dotted paths of what was proved again.
        not_checked: dotted paths of all other numbers.
        lower_bound: of an answer with a proof of optimality: `confirmed`, `refuted: ..` or
            `not rechecked: ..`.
    """

    violations: tuple[str, ...]
    confirmed: tuple[str, ...]
    not_checked: tuple[str, ...]
    lower_bound: str = CONFIRMED

    @property
    def holds(self) -> bool:
        """Whether no condition fails."""
        return not self.violations


class Findings:
    """What is known of one answer while a checker goes through it.

    Comparisons are written so that NaN, infinities and values of another type fail them; none raises.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        """Start with nothing confirmed."""
        self.answer = answer
        self.violations: list[str] = []
        self._confirmed: list[Path] = []
        self._left: list[Path] = []
        self._absent: list[Path] = []

    def get(self, *path: str | int) -> Any:
        """Return the value at a path.

        Raises:
            LookupError: when it is missing, with a line for `violations`.
        """
        value: Any = self.answer
        for k, key in enumerate(path):
            inside = isinstance(value, dict) if isinstance(key, str) else isinstance(value, list)
            try:
                if not inside:
                    raise LookupError
                value = value[key]
            except LookupError:
                raise LookupError(f"{dotted(path[: k + 1])}: missing") from None
        return value

    def wrong(self, path: Sequence[str | int], line: str) -> None:
        """Note that what stands at a path does not hold."""
        self.violations.append(f"{dotted(path)}: {line}")

    def confirm(self, *path: str | int) -> None:
        """Note that what stands at a path was proved."""
        self._confirmed.append(path)

    def leave(self, *path: str | int) -> None:
        """Note that what stands at a path is not checked, although it may hold no number."""
        self._left.append(path)

    def absent(self, *path: str | int) -> None:
        """Note that nothing stands at a path, and that nothing has to: an older version printed it so."""
        self._absent.append(path)

    def require(self, holds: bool, path: Sequence[str | int], line: str) -> None:
        """Confirm what stands at a path if a condition holds, else note the line."""
        if holds:
            self.confirm(*path)
        else:
            self.wrong(path, line)

    def equal(self, path: Sequence[str | int], should: Any) -> None:
        """Require that exactly this stands at a path: of the same type, whatever the order of keys."""
        try:
            claimed = self.get(*path)
        except LookupError as error:
            self.violations.append(str(error))
            return
        self.require(same(claimed, should), path, f"{brief(claimed)}; it is {brief(should)}")

    def close(self, path: Sequence[str | int], should: float, tolerance: float) -> None:
        """Require that a number within `tolerance` of this stands at a path."""
        try:
            claimed = self.get(*path)
        except LookupError as error:
            self.violations.append(str(error))
            return
        self.require(near(claimed, should, tolerance), path, f"{brief(claimed)}; it is {should!r}")

    def verdict(self, never: Iterable[Path] = (), lower_bound: str = CONFIRMED) -> Verdict:
        """Return what was found.

        Args:
            never: paths that may not stay unproved: what is neither confirmed nor refuted there is a
                violation.
            lower_bound: see `Verdict`.
        """
        unseen = [*unconfirmed(self.answer, self._confirmed), *self._left]
        lines = list(self.violations)
        if not lines:
            must = list(never)
            lines = [
                f"{dotted(path)}: not proved"
                for path in unseen
                if any(_overlap(path, pattern) for pattern in must)
            ]
        lines = [_cut(line, MAX_LINE) for line in dict.fromkeys(lines)]
        if len(lines) > MAX_LINES:
            lines[MAX_LINES:] = [f"and {len(lines) - MAX_LINES} further conditions"]
        return Verdict(
            tuple(lines),
            tuple(dict.fromkeys(dotted(path) for path in self._confirmed)),
            tuple(dotted(path) for path in (*unseen, *self._absent)),
            lower_bound,
        )


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as text.

    >>> dotted(("M", 0, 3)), dotted(("V", "a.b"))
    ('M.0.3', 'V."a.b"')
    """
    return ".".join(_key(key) for key in path)


def _key(key: str | int) -> str:
    if key == ANY:
        return "*"
    plain = not isinstance(key, str) or (key and key.isprintable() and not set(key) & set('."\\'))
    return str(key) if plain else json.dumps(key)


def leaves(answer: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every value of a JSON answer that holds no other one, with its path: empty lists too."""
    todo: list[tuple[Path, Any]] = [((), answer)]
    while todo:
        path, value = todo.pop()
        items = list(_items(value))
        todo.extend(((*path, key), below) for key, below in reversed(items))
        if not items:
            yield path, value


def numbers(answer: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every number of a JSON answer with its path: also booleans, "1/3", and None in place of one."""
    for path, value in leaves(answer):
        if (
            value is None
            or isinstance(value, (bool, int, float))
            or (isinstance(value, str) and as_fraction(value) is not None)
        ):
            yield path, value


def unconfirmed(answer: Any, confirmed: Iterable[Path]) -> list[Path]:
    """Return the paths of the numbers that no confirmed path covers, each as short as it can be.

    >>> unconfirmed({"c": 1, "seconds": {"lower": 1.0, "upper": 2.0}}, [("c",)])
    [('seconds',)]
    """
    patterns: dict[Any, Any] = {}
    for path in confirmed:
        node = patterns
        for key in path:
            node = node.setdefault(key, {})
        node[None] = True  # everything below is confirmed
    out: list[Path] = []
    todo: list[tuple[Path, Any, list[dict[Any, Any]]]] = [((), answer, [patterns])]
    while todo:
        path, value, nodes = todo.pop()
        if any(None in node for node in nodes):
            continue
        items = list(_items(value))
        if not items or (path and not nodes):
            if next(numbers(value), None) is not None:
                out.append(path)
            continue
        for key, below in reversed(items):
            further = [node[k] for node in nodes for k in (key, ANY) if k in node]
            todo.append(((*path, key), below, further))
    return out


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _overlap(path: Path, pattern: Path) -> bool:
    return all(b in (a, ANY) for a, b in zip(path, pattern, strict=False))


def same(claimed: Any, should: Any) -> bool:
    """Return whether two JSON values are equal and of equal types; True is not 1, and 1.0 not 1."""
    todo = [(claimed, should)]
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, dict):
            if a.keys() != b.keys():
                return False
            todo += [(a[key], b[key]) for key in a]
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            todo += zip(a, b, strict=True)
        elif not a == b:
            return False
    return True


def is_integer(value: Any, low: int, high: int) -> bool:
    """Return whether this is an integer (no boolean) in [low, high]."""
    return type(value) is int and low <= value <= high


def is_number(value: Any) -> bool:
    """Return whether this is a finite JSON number that a float can hold (no boolean, no text)."""
    if type(value) is int:
        return abs(value) < 2**1000
    return type(value) is float and math.isfinite(value)


def near(claimed: Any, should: float, tolerance: float) -> bool:
    """Return whether this is a number within `tolerance` of another one."""
    return is_number(claimed) and abs(claimed - should) <= tolerance


def as_fraction(text: Any) -> Fraction | None:
    """Return the number that a text such as "1/3" or ".25" is; None when it is none or far too long."""
    if not isinstance(text, str) or len(text) > MAX_DIGITS:
        return None
    if "e" in text.lower():  # an exponent can ask for any amount of memory
        return None
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def brief(value: Any) -> str:
    """Return a value as short text for a line; what is huge is not written out first."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if type(value) is int and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    return _cut(repr(value[:SHOWN] if isinstance(value, str) else value), SHOWN)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2] + ".."
