"""Synthetic runs: records made of drawn counts, without circuits and without a simulator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcoord_hw.families.games.scoring import GameScoring, LinearFigure
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.theory.games import Game
from qcoord_hw.theory.value import Value

Behaviour = Callable[[int, int], np.ndarray]
"""(circuit, block) -> distribution of the outcome, shape (2,) * bits, axis i for classical bit i."""

Maker = Callable[..., RunRecord]


def play_of(
    game: Game,
    bound: float,
    rounds: int = 1,
    answers: Sequence[Sequence[Sequence[int]]] | None = None,
    figures: Sequence[LinearFigure] = (),
) -> GameScoring:
    """Return how a game is scored: circuit k asks question k + i in round i; bits in order unless given."""
    asked = tuple(game.questions())
    sizes = [b.bit_length() - 1 for b in game.answers]
    if answers is None:
        bits = itertools.count()
        answers = [[[next(bits) for _ in range(size)] for size in sizes] for _ in range(rounds)]
    return GameScoring(
        game=game,
        players=tuple(f"P{i}" for i in range(game.players)),
        questions=tuple(tuple(asked[(k + i) % len(asked)] for i in range(rounds)) for k in range(len(asked))),
        answers=tuple(tuple(tuple(b) for b in one) for one in answers),
        theory=Value(0.9, "exact", "a test"),
        bound=Value(bound, "exact", "a test"),
        figures=tuple(figures),
    )


def record_of(
    rng: np.random.Generator,
    play: GameScoring,
    behaviour: Behaviour,
    *,
    shots: int = 100,
    blocks: int = 1,
    readout: Sequence[tuple[float, float]] | None = None,
    measured: Sequence[int] | None = None,
    name: str = "synthetic",
) -> RunRecord:
    """Draw a finished run: `shots` a circuit and block.

    `readout` gives (p10, p01) of the qubits 10, 11, ..; `measured` the qubit number read into each bit.
    """
    size = 1 + max(b for one in play.answers for player in one for b in player)
    keys = ["".join(bits) for bits in itertools.product("01", repeat=size)]
    plan, counts = [], {}
    for block in range(blocks):
        for circuit in range(len(play.questions)):
            drawn = rng.multinomial(shots, behaviour(circuit, block).reshape(-1))
            plan.append(Chunk(len(plan), block, circuit, shots, 0))
            counts[len(plan) - 1] = {k: int(n) for k, n in zip(keys, drawn, strict=True) if n}
    snapshot: dict[str, Any] | None = None
    if readout is not None:
        qubits = [{"index": 10 + i, "p10": p10, "p01": p01} for i, (p10, p01) in enumerate(readout)]
        snapshot = {"qubits": qubits, "calibrated": "2025-01-01"}
    labels = [" ".join("".join(map(str, q)) for q in asked) for asked in play.questions]
    intent = {
        "spec": {"family": "nonlocal-game", "parameters": {}},
        "experiment": {
            "name": name,
            "title": "a synthetic run",
            "copies": play.rounds,
            "usage": {},
            "play": play.to_json(),
            "circuits": [{"label": label, "measured": list(measured or ())} for label in labels],
        },
        "target": {"name": "none", "kind": "none", "layout": [], "snapshot": snapshot},
        "spec_id": "0" * 64,
        "created": "2025-01-01T00:00:00+00:00",
        "seed": 0,
    }
    return RunRecord(Path(f"runs/{name}"), intent, tuple(plan), counts, sealed=True)


def joint(play: GameScoring, win: float | Sequence[float]) -> Behaviour:
    """Return the behaviour that wins each round's question with a given probability, rounds independent.

    The winning answers are equally likely, and so are the losing ones; `win` is one number, or one per round.
    """
    wins = [win] * play.rounds if isinstance(win, float) else list(win)

    def behaviour(circuit: int, block: int) -> np.ndarray:
        whole, axes = np.ones(()), []
        for question, players, w in zip(play.questions[circuit], play.answers, wins, strict=True):
            won = play.game.win[question].astype(bool)
            table = np.where(won, w / max(won.sum(), 1), (1 - w) / max((~won).sum(), 1))
            bits = [b for player in players for b in player]
            whole = np.multiply.outer(whole, table.reshape((2,) * len(bits)))
            axes += bits
        return whole.transpose(np.argsort(axes))

    return behaviour


@pytest.fixture(name="play_of")
def _play_of() -> Callable[..., GameScoring]:
    return play_of


@pytest.fixture(name="joint")
def _joint() -> Callable[..., Behaviour]:
    return joint


@pytest.fixture
def make_record(rng: np.random.Generator) -> Maker:
    """Return `make_record(play, behaviour, shots=, blocks=, readout=, measured=, name=)`."""

    def make(*args: Any, **kwargs: Any) -> RunRecord:
        return record_of(rng, *args, **kwargs)

    return make
