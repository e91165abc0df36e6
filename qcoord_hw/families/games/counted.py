"""Rows of a game that somebody else played: what each player was asked and answered.

Answers have a column each. They are kept in a coding of our own, a few bits per player, since nothing is
known of the circuits. Bit strings are read as the experiment's circuits write them, or, for a game file
without a strategy, player by player, the most significant bit of an answer first.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.counted import Counted, check_wins, circuit_settings, setting, stated_settings
from qcoord_hw.families.games.analysis import Cell, no_signalling
from qcoord_hw.families.games.expression import figures_of
from qcoord_hw.families.games.parameters import PLAYERS, read_parameters
from qcoord_hw.families.games.scoring import GameScoring, question_label
from qcoord_hw.families.games.user_game import game_of, value_of
from qcoord_hw.imports.table import FIRST, LAST, LEAK, CountTable, whole
from qcoord_hw.record.bits import read_bits
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.games import classical_value
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.value import Value

SIGNALS, NO_SIGN = 1e-6, 1e-2
"""p-values of no-signalling below and above which an order of bits is refused for the other one."""

OF_OUTCOME = ("tile", "block", "chunk", "setting", "job", "time", "bits")
"""The columns by which rows of several rounds are of one outcome."""

Scored = tuple[GameScoring, Sequence[str], Sequence[str], int]


def counted(spec: ExperimentSpec, table: CountTable) -> Counted:
    """Return what a table of counts says of a game: see `Family.counted`."""
    spec = _scheduled(spec, table)
    by_bits = "answer_1" not in table
    play, labels, names, width = _scoring(spec, by_bits)
    if by_bits:
        table.need_either("answer_1", "bits")
        outcomes = table.bits(width)
        where = _settings(play, table) if "question_1" in table else circuit_settings(table, labels, names)
        _check_bits(play, table, where, outcomes)
        _check_order(play, table, where, outcomes)
        rows = list(zip(range(len(table)), where, outcomes, strict=True))
    else:
        said = [_answers(table, p, size) for p, size in enumerate(play.game.answers, start=1)]
        stated = table.single("leaks")
        play = coded(play, any(-1 in own for own in said) or stated in ("1", "1.0", "True", "true"))
        where = _settings(play, table)
        rows, width = _encoded(play, table, where, list(zip(*said, strict=True)))
    settings = tuple(setting(label, k) for k, label in enumerate(labels))
    return Counted(spec, play.to_json(), settings, width, rows, copies=play.rounds)


def coded(play: GameScoring, leaks: bool) -> GameScoring:
    """Return the scoring with answers in as few bits as they need, players in order; `leaks` adds none."""
    sizes = [max(1, (size + leaks - 1).bit_length()) for size in play.game.answers]
    ends = list(itertools.accumulate([size for _ in range(play.rounds) for size in sizes]))
    places = [tuple(range(end - size, end)) for end, size in zip(ends, sizes * play.rounds, strict=True)]
    k = play.game.players
    pairs = list(zip(sizes, play.game.answers, strict=True))
    exact = not leaks and all(2**b == n for b, n in pairs)
    tables = [(*range(n), *[-1 if leaks else n - 1] * (2**b - n)) for b, n in pairs]
    decoded = tuple((t,) * n for t, n in zip(tables, play.game.prob.shape, strict=True))
    return replace(
        play,
        answers=tuple(tuple(places[r * k : (r + 1) * k]) for r in range(play.rounds)),
        decoded=None if exact else decoded,
    )


def _scheduled(spec: ExperimentSpec, table: CountTable) -> ExperimentSpec:
    """Return the spec as the column `schedule` says that questions were chosen."""
    schedule = table.single("schedule")
    if schedule not in (None, "fixed", "drawn"):
        raise InputError(f"schedule: {schedule!r}; allowed are fixed and drawn")
    return spec if schedule is None else replace(spec, random_questions=schedule == "drawn")


def _scoring(spec: ExperimentSpec, by_bits: bool) -> Scored:
    """Return how the experiment is scored, the labels and names of its circuits, and its classical bits.

    Circuits are built only where they say how a bit string is read, or what was asked in which round.
    """
    options, values = spec.options, read_parameters(spec.options)
    plain = values["rounds"] == 1 and values["rate"] is None
    which = options.get("game")
    if plain and "prob" in options:
        game = game_of(spec.name, options)
        theory = value_of(game, options["strategy"]) if "strategy" in options else None
        return _plain(game, theory)
    if plain and not by_bits and which in EXPLICIT and which not in ("chsh", "magic-square"):
        return _plain(GAMES[str(which)](), EXPLICIT[str(which)].value)
    from qcoord_hw.families.games.circuits import build

    made = build(spec)
    play = made.play
    assert isinstance(play, GameScoring)
    names = [net.circuit.name for net in made.circuits]
    return play, [s.label for s in made.settings], names, made.circuits[0].circuit.num_clbits


def _plain(game: Game, theory: Value | None) -> Scored:
    """Return the scoring of a game of which no circuit is known."""
    questions = tuple((question,) for question in game.questions())
    play = GameScoring(
        game=game,
        players=PLAYERS[: game.players],
        questions=questions,
        answers=(),
        theory=theory,
        bound=Value(float(classical_value(game)), "exact", "classical value, exhaustive search [Cleve2004]"),
        figures=figures_of(game, theory),
    )
    play = coded(replace(play, answers=((),)), leaks=False)
    return play, [question_label(q) for (q,) in questions], (), 1 + max(map(max, play.answers[0]))


def _answers(table: CountTable, player: int, size: int) -> list[int]:
    """Return what a player answered in each row; -1 where that is no answer."""

    def read(cell: Any) -> int:
        return -1 if isinstance(cell, str) and cell.strip().lower() == LEAK else whole(cell, size - 1)

    return table.read(f"answer_{player}", read, f"are answers from 0 to {size - 1}, and {LEAK}")


def _settings(play: GameScoring, table: CountTable) -> list[int]:
    """Return which circuit each row is of.

    Raises:
        InputError: when the game has no such question, or nothing tells in which circuit it was asked.
    """
    shape = play.game.prob.shape
    _check_players(table, len(shape))
    asked = list(zip(*(table.integers(f"question_{p + 1}", n - 1) for p, n in enumerate(shape)), strict=True))
    stated = stated_settings(table, len(play.questions))
    if stated is None:
        if play.rounds > 1 or len(set(play.questions)) < len(play.questions):
            raise InputError(
                "setting: no such column; a question is asked in several circuits here, so allowed is a "
                "table with setting, round and bits, as `qcoord export` writes it"
            )
        place = {circuit[0]: k for k, circuit in enumerate(play.questions)}
        for row, question in enumerate(asked):
            if question not in place:
                raise table.refusal(row, "question", question, "are questions that the game asks")
        return [place[question] for question in asked]
    turns = table.integers("round", play.rounds - 1) if play.rounds > 1 else [0] * len(table)
    for row, (question, k, turn) in enumerate(zip(asked, stated, turns, strict=True)):
        if play.questions[k][turn] != question:
            raise table.refusal(
                row, "question", question, f"is that of setting {k}, {play.questions[k][turn]}"
            )
    return stated


def _check_players(table: CountTable, players: int) -> None:
    for stem in ("question_", "answer_"):
        there = table.numbered(stem)
        if there and there != players or f"{stem}{players + 1}" in table:
            raise InputError(f"{stem}1, ..: of {there} players; allowed are {players}, as the game has")


def _encoded(
    play: GameScoring, table: CountTable, where: Sequence[int], said: Sequence[tuple[int, ...]]
) -> tuple[list[tuple[int, int, str]], int]:
    """Return a row for each outcome, and how many bits it has."""
    sizes = [len(bits) for bits in play.answers[0]]
    names = [
        {a: format(a, f"0{size}b") for a in range(n)} | {-1: format(n, f"0{size}b")}
        for n, size in zip(play.game.answers, sizes, strict=True)
    ]
    words = {own: "".join(name[a] for name, a in zip(names, own, strict=True)) for own in set(said)}
    turns = table.integers("round", play.rounds - 1) if play.rounds > 1 else [0] * len(table)
    worths = {key: _worth(play, *key) for key in set(zip(where, turns, said, strict=True))}
    check_wins(
        table,
        lambda row: worths[where[row], turns[row], said[row]],
        lambda row: f"answer {said[row]} to {play.questions[where[row]][turns[row]]}",
    )
    if play.rounds == 1:
        return [(row, k, words[own]) for row, (k, own) in enumerate(zip(where, said, strict=True))], sum(
            sizes
        )
    table.need("bits")
    keys = [table.words(name) for name in OF_OUTCOME if name in table]
    groups: dict[tuple[str, ...], dict[int, int]] = {}
    for row, key in enumerate(zip(*keys, strict=True)):
        own = groups.setdefault(key, {})
        if turns[row] in own or any(table.count[row] != table.count[first] for first in own.values()):
            raise table.refusal(row, "round", turns[row], "is each round of an outcome once, with one count")
        own[turns[row]] = row
    for own in groups.values():
        if len(own) < play.rounds:
            row = next(iter(own.values()))
            raise table.refusal(row, "round", turns[row], f"are all {play.rounds} rounds of an outcome")
    rows = []
    for own in groups.values():
        row = own[0]
        rows.append((row, where[row], "".join(words[said[own[turn]]] for turn in range(play.rounds))))
    return rows, sum(sizes) * play.rounds


def _worth(play: GameScoring, circuit: int, turn: int, said: tuple[int, ...]) -> float:
    return 0.0 if -1 in said else float(play.game.table[(*play.questions[circuit][turn], *said)])


def _check_bits(play: GameScoring, table: CountTable, where: Sequence[int], outcomes: Sequence[str]) -> None:
    """Check the column `win` of bit strings."""
    if "win" not in table:
        return
    if play.rounds > 1:
        raise InputError("win: of bit strings of several rounds; allowed is a table without, or with answers")
    told = list(zip(where, outcomes, strict=True))
    said = {(k, own): tuple(int(a[0]) for a in play.answered(k, 0, read_bits([own]))) for k, own in set(told)}
    worths = {key: _worth(play, key[0], 0, own) for key, own in said.items()}
    check_wins(
        table,
        lambda row: worths[told[row]],
        lambda row: f"{told[row][1]} (answer {said[told[row]]} to {play.questions[told[row][0]][0]})",
    )


def _check_order(play: GameScoring, table: CountTable, where: Sequence[int], outcomes: Sequence[str]) -> None:
    """Check that the declared order of bits is not the wrong one, where counts show it.

    A column `win` need not: a colouring is won as often with the players exchanged. But then each answers
    what the other was asked.
    """
    if play.rounds > 1 or play.agreed is not None or play.asked is not None:
        return
    seen: dict[tuple[int, str], int] = {}
    for key, count in zip(zip(where, outcomes, strict=True), table.count, strict=True):
        seen[key] = seen.get(key, 0) + count
    here, other = (no_signalling(play, _cells(play, seen, step))[0] for step in (1, -1))
    if here < SIGNALS and other > NO_SIGN:
        right = {FIRST: LAST, LAST: FIRST}[str(table.bit_order)]
        raise InputError(
            f"bit-order: {table.bit_order}, but read so answers depend on what the other players were asked "
            f"(p = {here:.1g}), and read the other way they do not (p = {other:.2g}); allowed here is {right}"
        )


def _cells(play: GameScoring, seen: dict[tuple[int, str], int], step: int) -> list[Cell]:
    """Return what was counted for each question, with bits read forwards (1) or backwards (-1)."""
    tallies = [np.zeros((1, *(n + play.leaks for n in play.game.answers)), np.int64) for _ in play.questions]
    for (circuit, outcome), count in seen.items():
        said = play.answered(circuit, 0, read_bits([outcome[::step]]))
        tallies[circuit][(0, *(int(own[0]) for own in said))] += count
    asked = [own[0] for own in play.questions]
    return [
        Cell(k, 0, question, 1.0, tally, play.game.table[question].astype(float))
        for k, (question, tally) in enumerate(zip(asked, tallies, strict=True))
    ]
