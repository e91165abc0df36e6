"""Games in which two players fill in cells, and win if they fill the one that they share alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.families.games.winning import Mask, boxes, listed, numbers_words
from qcoord_hw.theory.games.game import Game

Fillings = tuple[str, ...]
"""Fillings[answer]: 0 or 1 for each cell; nothing where an answer never wins."""

MOST_LINES = 10
"""Of different cells that a player fills in, in a rule that is still read."""

MOST_FILLINGS = 32
"""Of a player, in such a rule."""


@dataclass(frozen=True)
class Cells:
    """What the answers of two players stand for.

    Attributes:
        cells: cells[player][question] are the questions of the other for which an answer holds a cell.
        fillings: fillings[player][question]: what the answers stand for.
        alike: questions, the same for both, to which equal answers win.
    """

    cells: tuple[Mapping[int, tuple[int, ...]], Mapping[int, tuple[int, ...]]]
    fillings: tuple[Mapping[int, Fillings], Mapping[int, Fillings]]
    alike: tuple[int, ...]


def cells_of(game: Game) -> Cells | None:
    """Return what is filled in, where winning is filling in one shared cell of 0 or 1 alike; else None.

    It is, if the answers of either player fall into two classes, and either class of one wins with one class
    of the other: whatever the answers are called.
    """
    if game.players != 2 or game.score is not None:
        return None
    alike, bits = [], {}
    for x, y in game.questions():
        mask = game.win[x, y].astype(bool)
        if x == y and mask.shape[0] == mask.shape[1] > 2 and (mask == np.eye(len(mask), dtype=bool)).all():
            alike.append(x)
        elif (found := _shared_bit(mask)) is not None:
            bits[x, y] = found
        else:
            return None
    cells: tuple[dict[int, tuple[int, ...]], ...] = ({}, {})
    fillings: tuple[dict[int, Fillings], ...] = ({}, {})
    for player in (0, 1):
        for own in sorted({question[player] for question in bits}):
            here = [question for question in sorted(bits) if question[player] == own]
            cells[player][own] = tuple(question[1 - player] for question in here)
            columns = [bits[question][player] for question in here]
            if any(column.count("") != columns[0].count("") for column in columns):
                return None
            fillings[player][own] = tuple(map("".join, zip(*columns, strict=True)))
            if {len(filled) for filled in fillings[player][own]} - {0, len(here)}:
                return None
    return Cells((cells[0], cells[1]), (fillings[0], fillings[1]), tuple(alike)) if bits else None


def _shared_bit(mask: Mask) -> tuple[Fillings, Fillings] | None:
    """Return the bit that each answer of either player holds, if equal ones win.

    Where a player has two answers, these are the bits; else the first answer that can win holds 0.
    """
    classes = boxes(mask)
    if len(classes) != 2:
        return None
    zero, one = classes
    if any(set(zero[player]) & set(one[player]) for player in (0, 1)):
        return None
    if any(size == 2 and zero[player] == (1,) for player, size in enumerate(mask.shape)):
        zero, one = one, zero
    first, second = (
        tuple("1" if b in one[player] else "0" if b in zero[player] else "" for b in range(size))
        for player, size in enumerate(mask.shape)
    )
    return first, second


def cell_lines(found: Cells, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the rule in sentences; None where there are too many fillings to be read."""
    own, other = names
    full = all(set(held) == set(found.cells[1 - p]) for p in (0, 1) for held in found.cells[p].values())
    single = [_is_cell_itself(found, player) for player in (0, 1)]
    if full:
        lines = [
            f"Think of a grid. {own} is told a row and {other} a column, and each fills in all its cells "
            "with 0 or 1: what an answer stands for."
        ]
        won = "They win if both put the same into the cell in which row and column cross."
    elif any(single):
        line, cell = names[single[0]], names[not single[0]]
        lines = [
            f"Think of lines that share cells. {line} is told a line and fills in its cells with 0 or 1: "
            f"what an answer stands for. {cell} is told one of these cells, and answers with 0 or 1 for it."
        ]
        won = "They win if both put the same into this cell."
    else:
        lines = [
            "Each answer stands for a 0 or a 1 in several cells, one for each question that the other player "
            "may be asked."
        ]
        won = f"they win if {own}'s cell for {other}'s question holds the same as {other}'s for {own}'s."
        won = f"If their questions differ, {won}" if found.alike else won.capitalize()
    for player, name in enumerate(names):
        if single[player] and not full:
            continue
        told = _player_lines(name, found.cells[player], found.fillings[player], full)
        if told is None:
            return None
        lines += told
    if found.alike:
        lines.append("If both are asked the same, they win if their answers are equal.")
    return (*lines, won)


def _is_cell_itself(found: Cells, player: int) -> bool:
    """Whether each answer of a player is what the player puts into a cell."""
    return all(
        set(filled) <= {"0" * len(filled[0]), "1" * len(filled[0])}
        for filled in found.fillings[player].values()
    )


def _player_lines(
    name: str, cells: Mapping[int, tuple[int, ...]], fillings: Mapping[int, Fillings], full: bool
) -> list[str] | None:
    """Return which cells a player fills in, their parity, and what the answers stand for."""
    kinds: dict[Fillings, list[int]] = {}
    for asked, filled in fillings.items():
        kinds.setdefault(filled, []).append(asked)
    if sum(bool(row) for filled in kinds for row in filled) > MOST_FILLINGS or (
        not full and len(cells) > MOST_LINES
    ):
        return None
    lines = []
    if not full:
        lines += [f"{name}, asked {k}, fills in the cells {_in_order(held)}." for k, held in cells.items()]
    odd = {asked: {row.count("1") % 2 for row in filled if row} for asked, filled in fillings.items()}
    if all(len(parities) == 1 for parities in odd.values()) and min(map(len, cells.values())) > 1:
        ones = [asked for asked, parities in odd.items() if parities == {1}]
        which = "even" if not ones else "odd" if len(ones) == len(odd) else ""
        which = which or f"odd if asked {numbers_words(ones)}, else even"
        lines.append(f"The number of ones that {name} fills in is {which}.")
    for filled, questions in kinds.items():
        when = "" if len(kinds) == 1 else f", asked {numbers_words(questions)}"
        told = listed([f"{answer} stands for {row}" for answer, row in enumerate(filled) if row])
        lines.append(f"{name}'s answers{when}: {told}.")
        if lost := [answer for answer, row in enumerate(filled) if not row]:
            lines.append(f"{name}'s answers{when}, that always lose: {numbers_words(lost, 'and')}.")
    return lines


def _in_order(numbers: Sequence[int]) -> str:
    return listed(list(map(str, numbers)))
