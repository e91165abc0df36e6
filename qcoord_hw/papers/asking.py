"""The commands behind the rows, asked from Python as they would be typed: a row shows what it says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import qcoord_hw as qc
from qcoord_hw.answer import Answer
from qcoord_hw.errors import InputError

CHECKED = ("theory region", "theory game", "theory linear")
"""What `qcoord theory check` has an independent checker for."""


@dataclass(frozen=True)
class Ask:
    """One command.

    Attributes:
        kind: `theory region`, `show`, ..
        subject: its argument; None if it has options alone.
        options: (name in Python, value) of its options.
    """

    kind: str
    subject: str | None
    options: tuple[tuple[str, Any], ...]

    @property
    def command(self) -> str:
        """The command as it is typed."""
        words = ["qcoord", *self.kind.split(), *([self.subject] if self.subject else [])]
        for name, value in self.options:
            words.append(f"--{name.replace('_', '-')}")
            words += [] if value is True else [_typed(value)]
        return shlex.join(words)


def ask(kind: str, subject: str | None = None, **options: Any) -> Ask:
    """Return a command.

    >>> ask("theory region", "dsbs", network="two-node", at={"R0": 0, "R1": 1}).command
    'qcoord theory region dsbs --network two-node --at R0=0,R1=1'
    """
    return Ask(kind, subject, tuple(options.items()))


@dataclass(frozen=True)
class Asked:
    """What a command answered.

    Attributes:
        data: the object that it prints with `--json`.
        checked: what the independent checker says: `holds`, why it does not, or None where there is none.
    """

    data: Mapping[str, Any]
    checked: str | None


class Asker:
    """Asks each command once."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._known: dict[str, Asked] = {}

    def __call__(self, one: Ask) -> Asked:
        """Return what a command answers.

        Raises:
            InputError: as the command does.
        """
        if one.command not in self._known:
            self._known[one.command] = _asked(one)
        return self._known[one.command]


def _asked(one: Ask) -> Asked:
    subject: list[Any] = [] if one.subject is None else [one.subject]
    if one.kind == "show":
        from qcoord_hw.api import build
        from qcoord_hw.report.protocol import describe_protocol

        return Asked({"ok": True, **describe_protocol(build(one.subject).experiment)}, None)
    if not one.kind.startswith("theory "):
        raise InputError(f"command: {one.kind!r}; allowed are show and theory")
    answer: Answer = getattr(qc, one.kind.replace(" ", "_"))(*subject, **dict(one.options))
    data = json.loads(json.dumps(answer.to_json()))
    if one.kind not in CHECKED:
        return Asked(data, None)
    found = qc.theory_check(answer)
    return Asked(data, "holds" if found.holds else "; ".join(found.violations[:2]))


def _typed(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={number}" for name, number in value.items())
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
