"""`qcoord` called in this process: its exit status, and what it printed."""

from __future__ import annotations

import json
from typing import Any

from qcoord_hw.cli import main


def call(capsys: Any, *arguments: object) -> tuple[int, str, str]:
    """Return exit status, output and errors of a command."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as leave:  # argparse
        status = int(leave.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def call_json(capsys: Any, *arguments: object) -> dict[str, Any]:
    """Return the object that a command prints, which has nothing to say beside it."""
    status, out, err = call(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def refused(capsys: Any, *arguments: object) -> str:
    """Return the one line with which a command refuses what it is given."""
    status, out, err = call(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1), (status, out, err)
    return err
