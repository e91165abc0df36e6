"""Values of two-player games against toqito: both values and the ratio of times, game by game.

Classical value, see-saw, and the NPA hierarchy at levels 1 and 1+AB; a call of toqito may take a minute. The
see-saw has 40 starts here and 2 there. toqito's solver is accurate to some 1e-6, on either side of the true
bound; ours is repaired, so that it is a bound. toqito pins exact versions of numpy and others, so that it
needs an environment of its own:

    python -m venv toqito-venv && toqito-venv/bin/pip install toqito
    TOQITO_PYTHON=toqito-venv/bin/python python benchmarks/games_against_toqito.py

Run: python benchmarks/games_against_toqito.py [--timeout SECONDS] [GAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.npa import npa_bound
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.symmetric import symmetric_bound

DIMENSIONS = {  # local dimension of the see-saw
    "chsh": 2,
    "biased-chsh": 2,
    "tilted": 2,
    "odd-cycle-5": 2,
    "odd-cycle-9": 2,
    "magic-square": 4,
    "magic-square-cv": 4,
    "rac-3": 2,
    "ffl": 2,
    "hardy-1": 2,
    "cglmp-3": 3,
    "chsh-mod-3": 3,
    "i3322": 2,
    "chsh-squared": 4,
}
TASKS: dict[str, Callable[[Game, int], float]] = {
    "classical": lambda game, dimension: float(classical_value(game)),
    "see-saw": lambda game, dimension: seesaw(game, dimension, seed=1)[0],
    "NPA 1": lambda game, dimension: npa_bound(game, "1").value,
    "NPA 1+AB": lambda game, dimension: symmetric_bound(game, "1+AB").value,
}
WORKER = """
import json, sys, time
import numpy as np
from toqito.nonlocal_games.nonlocal_game import NonlocalGame

print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    start, cpu = time.perf_counter(), time.process_time()
    try:
        win = np.array(task["win"], dtype=float).transpose(2, 3, 0, 1)
        game = NonlocalGame(np.array(task["prob"], dtype=float), win)
        value = {
            "classical": lambda: game.classical_value(),
            "see-saw": lambda: game.quantum_value_lower_bound(dim=task["dimension"], iters=2),
            "NPA 1": lambda: game.commuting_measurement_value_upper_bound(1),
            "NPA 1+AB": lambda: game.commuting_measurement_value_upper_bound("1+ab"),
        }[task["task"]]()
        answer = {"value": float(value), "seconds": time.perf_counter() - start}
        answer["cpu"] = time.process_time() - cpu
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
"""


class Rival:
    """toqito in a process of its own, started again after a timeout."""

    def __init__(self, python: str) -> None:
        """Start it."""
        self._python = python
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def start(self) -> bool:
        """Start it unless it runs; False where there is no toqito."""
        if self._process is None:
            self._process = subprocess.Popen(
                [self._python, "-c", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._answers = queue.Queue()
            threading.Thread(target=self._read, args=(self._process, self._answers), daemon=True).start()
            return bool(self._answers.get())
        return True

    def ask(self, task: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return its answer, or {"error": "timeout"}."""
        self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._answers.get(timeout=timeout) or '{"error": "ended"}')
        except queue.Empty:
            answer = {"error": "timeout"}
        if answer.get("error") in ("timeout", "ended"):
            self.stop()
        return answer

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @staticmethod
    def _read(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)
        answers.put("")  # the end


def main() -> None:
    """Print a line for each game and task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("games", nargs="*", default=list(DIMENSIONS), metavar="GAME")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds that a call of toqito may take")
    options = parser.parse_args()
    rival = Rival(os.environ.get("TOQITO_PYTHON", sys.executable))
    there = rival.start()
    if not there:
        print("toqito is not installed here; ours alone. How to install it: see the head of this file.\n")
    for task in TASKS.values():
        task(GAMES["chsh"](), 2)  # what is loaded on first use is not timed, there neither
    if there:
        for name in TASKS:
            rival.ask(message(GAMES["chsh"](), name, 2), options.timeout)
    print(f"{'game':<16} {'task':<10} {'ours':>12} {'s':>8} {'toqito':>12} {'s':>8} {'ours/toqito':>12}")
    for name in options.games:
        game, dimension = GAMES[name](), DIMENSIONS.get(name, 2)
        for task_name, task in TASKS.items():
            start = time.perf_counter()
            value = task(game, dimension)
            seconds = time.perf_counter() - start
            print(f"{name:<16} {task_name:<10} {value:12.8f} {seconds:8.4f}", end="", flush=True)
            asked = message(game, task_name, dimension)
            print(compared(rival.ask(asked, options.timeout), seconds, options.timeout) if there else "")
    rival.stop()


def message(game: Game, task: str, dimension: int) -> dict[str, Any]:
    """Return what the rival is asked."""
    return {
        "task": task,
        "dimension": dimension,
        "prob": [[float(p) for p in row] for row in game.prob],
        "win": game.table.astype(float).tolist(),
    }


def compared(answer: dict[str, Any], seconds: float, timeout: float) -> str:
    """Return the rival's part of a line."""
    if answer.get("error") == "timeout":
        return f" {'-':>12} {'>' + format(timeout, '.0f'):>8} {'<' + format(seconds / timeout, '.4f'):>12}"
    if "error" in answer:
        return f" {answer['error']:>12}"
    return f" {answer['value']:12.8f} {answer['seconds']:8.4f} {seconds / answer['seconds']:12.4f}"


if __name__ == "__main__":
    main()
