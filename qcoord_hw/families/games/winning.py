"""What wins a round, in words: a condition on the answers where there is a short one, else all that win."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.game import Game

Mask = npt.NDArray[np.bool_]
Box = tuple[tuple[int, ...], ...]
"""A set of numbers for every player: all their combinations."""

MOST_ORDERED = 3
"""Players up to whom boxes are searched in every order; beyond, in the order of the players."""

_PLACES = ("first", "second", "third", "fourth")


def boxes(mask: Mask) -> tuple[Box, ...]:
    """Return disjoint boxes that make up a set of tuples, in lexicographic order of their first tuple.

    >>> boxes(np.array([[1, 0, 1], [1, 0, 1], [0, 1, 0]], dtype=bool))
    (((0, 1), (0, 2)), ((2,), (1,)))
    """
    orders = itertools.permutations(range(mask.ndim)) if mask.ndim <= MOST_ORDERED else [range(mask.ndim)]
    found: list[tuple[Box, ...]] = []
    for order in map(tuple, orders):
        back = np.argsort(order)
        found.append(tuple(tuple(box[k] for k in back) for box in _split(mask.transpose(order))))
    fewest = min(found, key=len)
    return tuple(sorted(fewest))


def _split(mask: Mask) -> Iterator[Box]:
    """Yield boxes: numbers of the first player that go with the same of the others are in one."""
    if mask.ndim == 1:
        if mask.any():
            yield (tuple(np.flatnonzero(mask).tolist()),)
        return
    same: dict[bytes, list[int]] = {}
    for k, rest in enumerate(mask):
        if rest.any():
            same.setdefault(rest.tobytes(), []).append(k)
    for numbers in same.values():
        for rest in _split(mask[numbers[0]]):
            yield (tuple(numbers), *rest)


def numbers_words(numbers: Sequence[int], last: str = "or") -> str:
    """Return numbers in words, three and more in a row as a range.

    >>> numbers_words([0, 2, 3, 4, 7])
    '0, 2 to 4 or 7'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [
        word
        for run in runs
        for word in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run])
    ]
    return listed(words, last)


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def box_words(box: Box, names: Sequence[str], sizes: Sequence[int], verb: str) -> str:
    """Return a box in words; a player who may have any number is left out.

    >>> box_words(((1,), (0, 2)), ("Bob", "Charlie"), (2, 3), "answers")
    'Bob answers 1 and Charlie 0 or 2'
    """
    narrow = [(name, own) for name, own, size in zip(names, box, sizes, strict=True) if len(own) < size]
    verbs = [f" {verb}" if verb else "", *[""] * len(narrow)]
    return listed([f"{name}{verbs[k]} {numbers_words(own)}" for k, (name, own) in enumerate(narrow)])


def condition(mask: Mask, names: Sequence[str]) -> str | None:
    """Return which answers win, as what follows "they win"; None where there is no short way to say it.

    Args:
        mask: shape (B_1, .., B_k): where the answers win.
        names: of the players.

    >>> condition(np.eye(3, dtype=bool)[::-1], ("Bob", "Charlie"))
    'if their answers add up to 2'
    """
    if mask.all() or not mask.any():
        return "whatever they answer" if mask.all() else "with no answers"
    found = boxes(mask)
    if len(found) == 1:
        return f"if {box_words(found[0], names, mask.shape, 'answers')}"
    if len(set(mask.shape)) == 1 and mask.ndim > 1 and (told := _symmetric(mask, names)):
        return told
    lost = boxes(~mask)
    if len(lost) == 1:
        return f"unless {box_words(lost[0], names, mask.shape, 'answers')}"
    return None


def _symmetric(mask: Mask, names: Sequence[str]) -> str | None:
    """Return a condition on answers that all players choose from the same numbers."""
    size, where = mask.shape[0], np.indices(mask.shape)
    equal = (where == where[0]).all(axis=0)
    two = mask.ndim == 2
    if (mask == equal).all():
        return "if their answers are equal" if two else "if all answers are equal"
    if (mask != equal).all():
        return "if their answers differ" if two else "if not all answers are equal"
    if size == 2:
        odd = where.sum(axis=0) % 2 == 1
        if (mask == odd).all() or (mask != odd).all():
            return f"if the sum of their answers is {'odd' if (mask == odd).all() else 'even'}"
        return None
    if two and (ahead := _only(mask, (where[1] - where[0]) % size)) is not None:
        return f"if {names[1]}'s answer is {names[0]}'s plus {ahead}, counted modulo {size}"
    if two and size & (size - 1) == 0 and (flipped := _only(mask, where[0] ^ where[1])) is not None:
        return _flipped(flipped, size.bit_length() - 1)
    if (rest := _only(mask, where.sum(axis=0) % size)) is not None:
        sums = range(rest, mask.ndim * (size - 1) + 1, size)
        told = listed([str(sums[0]), *(f"to {one}" for one in sums[1:])], "or")
        return f"if their answers add up to {told}" + (f" ({rest} modulo {size})" if len(sums) > 1 else "")
    return None


def _flipped(flipped: int, bits: int) -> str:
    places: dict[str, list[str]] = {"1": [], "0": []}
    for place, bit in zip(_PLACES, f"{flipped:0{bits}b}", strict=False):
        places[bit].append(place)
    agree = f" and agree in the {listed(places['0'])}" if places["0"] else ""
    return f"if their answers, written as {bits} bits, differ in the {listed(places['1'])}{agree}"


def _only(mask: Mask, values: npt.NDArray[np.int64]) -> int | None:
    """Return the value that alone wins, where there is one."""
    found = set(values[mask].tolist())
    if len(found) != 1:
        return None
    value = int(found.pop())
    return value if (mask == (values == value)).all() else None


def winning_words(game: Game, question: Sequence[int], names: Sequence[str]) -> str:
    """Return what wins or scores when a question is asked: complete, in as few words as there are.

    It follows "they win", or "score" in a game with scores.
    """
    table = game.table[tuple(question)]
    if game.score is None:
        return _winners(table.astype(bool), names)
    values = sorted({Fraction(one) for one in table.flat}, reverse=True)
    told = [f"{_score(v)} {_winners(np.asarray(table == v, dtype=bool), names)}" for v in values if v]
    return "; ".join(told) or "0 whatever they answer"


def _score(value: Fraction) -> str:
    return str(value) if value.denominator < 10 else f"{float(value):.6g}"


def _winners(mask: Mask, names: Sequence[str]) -> str:
    told = condition(mask, names)
    return told or "by " + "; ".join(_with(box, names, mask.shape) for box in boxes(mask))


def _with(box: Box, names: Sequence[str], sizes: Sequence[int]) -> str:
    """Return answers that win with each other.

    >>> _with(((0, 3), (0, 1)), ("Bob", "Charlie"), (4, 2))
    'Bob 0 or 3 with Charlie any'
    """
    return " with ".join(
        f"{name} {'any' if len(own) == size else numbers_words(own)}"
        for name, own, size in zip(names, box, sizes, strict=True)
    )
