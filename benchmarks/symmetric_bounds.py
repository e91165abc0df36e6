"""NPA bounds reduced by the symmetries of the game, against the whole matrix and against toqito, in one run.

Of each game and level: words of the moment matrix, order of the group that is found from the table, words of
the largest block, free moments, then seconds of CPU for the bound with its certificate: reduced, and by what
factor the whole matrix and toqito take longer. toqito takes part where `TOQITO_PYTHON` names an environment
that has it (`games_against_toqito.py` says how to make one), and at level 1+AB; its solver is accurate to
some 1e-6 on either side.

Run: python benchmarks/symmetric_bounds.py [--repeat N] [--whole SECONDS] [GAME:LEVEL ...]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

from games_against_toqito import Rival, message

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.expression import BellExpression
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.named_expressions import named_expression
from qcoord_hw.theory.games.npa import NpaBound, npa_bound
from qcoord_hw.theory.games.spread import spread
from qcoord_hw.theory.games.symmetric import reduction, symmetric_bound

CASES = (
    *("magic-square:1+AB", "chsh-squared:1+AB", "magic-square-cv:1+AB", "chsh-mod-3:1+AB"),
    *("cglmp:d=4:1+AB", "cglmp:d=5:1+AB", "magic-square:2", "chsh-mod-3:2", "i3322:3", "chsh-mod-3:3"),
)


def game_of(name: str) -> Game:
    """Return a game of the catalogue, or of a named expression."""
    if name in GAMES:
        return GAMES[name]()
    expression: BellExpression = named_expression(name)
    return spread(expression)


def timed(bound: Callable[[], NpaBound], repeat: int) -> tuple[float, float]:
    """Return the value and the median of the CPU seconds."""
    seconds, value = [], 0.0
    for _ in range(repeat):
        start = time.process_time()
        value = bound().value
        seconds.append(time.process_time() - start)
    return value, statistics.median(seconds)


def main() -> None:
    """Print a line for each game and level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="GAME:LEVEL")
    parser.add_argument("--repeat", type=int, default=5, help="of the reduced bound")
    parser.add_argument("--whole", type=float, default=120.0, help="seconds that the whole matrix may take")
    options = parser.parse_args()
    rival = Rival(os.environ.get("TOQITO_PYTHON", "")) if "TOQITO_PYTHON" in os.environ else None
    print(f"{'game':<16} {'level':<5} {'words':>5} {'group':>6} {'block':>5} {'moments':>7}", end=" ")
    print(f"{'reduced':>12} {'s':>8} {'whole':>12} {'whole : reduced':>15} {'toqito : reduced':>16}")
    for case in options.cases:
        name, _, level = case.rpartition(":")
        game = game_of(name)
        symmetric_bound(game, level)  # what is loaded on first use is not timed
        made = reduction(game, level)
        print(f"{name:<16} {level:<5} {made.size:5} {made.group.order:6} {max(made.blocks):5}", end=" ")
        value, seconds = timed(lambda game=game, level=level: symmetric_bound(game, level), options.repeat)
        print(f"{made.parameters:7} {value:12.9f} {seconds:8.4f}", end=" ", flush=True)
        try:
            whole, longer = timed(
                lambda game=game, level=level: npa_bound(game, level, time_limit=options.whole),
                1,
            )
            print(f"{whole:12.9f} {longer / seconds:15.1f}", end=" ", flush=True)
        except TooLargeError:
            print(f"{'too large':>12} {'-':>15}", end=" ")
        if rival is None or level != "1+AB":
            print(f"{'-':>16}")
            continue
        rival.start()
        answer = rival.ask(message(game, "NPA 1+AB", 2), 300.0)
        print(f"{answer['cpu'] / seconds:16.1f}" if "cpu" in answer else f"{answer.get('error', '?'):>16}")
    if rival is not None:
        rival.stop()


if __name__ == "__main__":
    main()
