"""Whole commands against `python -c "import qiskit"`, the least that any program on Qiskit takes.

Processor time of the processes (user and system), in pairs that are run in turn: other work on the machine
changes it little. Bytecode is written before, by a first round that is not counted.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PAIRS = 5
QCOORD = [sys.executable, "-m", "qcoord_hw"]
QISKIT = [sys.executable, "-c", "import qiskit"]
COMMANDS = {
    "list": 1.0,
    "run chsh --target aer --seed 1": 2.0,
    "run chsh --target fake_torino --seed 1": 2.5,
}
"""Command -> ratio to importing Qiskit that is wanted at most."""


def bare_environment() -> dict[str, str]:
    """Return the variables of a process that may write bytecode, and finds nothing kept on disk."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return own | {"QCOORD_CACHE": "off"}


def seconds(
    command: list[str], environment: dict[str, str], output: str | Path = os.devnull, status: int = 0
) -> float:
    """Return the processor seconds of one process and its children; what it prints goes to a file.

    It has to end with the status.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(output, "wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, env=environment)
    assert done.returncode == status, done.stderr.decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compared(command: str, other: str | list[str], wanted: float) -> None:
    """Print how long a command takes and another one, or another program, and the median of their ratios."""
    rival = [*QCOORD, *other.split()] if isinstance(other, str) else other
    with tempfile.TemporaryDirectory() as runs:
        environment = bare_environment() | {"QCOORD_RUNS": str(Path(runs))}
        pairs = [
            (seconds([*QCOORD, *command.split()], environment), seconds(rival, environment))
            for _ in range(PAIRS + 1)
        ][1:]
    own, least = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    figures = f"{own:7.2f} s : {least:5.2f} s, ratio {ratio:5.2f}"
    print(f"{command:<40}{figures} (wanted: at most {wanted:g})")


def main() -> None:
    """Print the medians and their ratios."""
    for command, wanted in COMMANDS.items():
        compared(command, QISKIT, wanted)


if __name__ == "__main__":
    main()
