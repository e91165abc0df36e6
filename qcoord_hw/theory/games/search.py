"""Branch and bound over the deterministic strategies of all players but one, many partial ones at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.responses import Answers, Table, best_responses

BLOCK = 1 << 17  # bytes of sums that are handled at a time: they stay in the cache
FAR = 100  # what seems this many limits long is given up early,
SEEN = 0.05  # but not before a search has cost this share of the limit
STARTS = 20
MANY = 10**9  # comparisons that are not worth their while
RESPONSE = 10  # additions in whose time a best response reads an entry of the table, ascents being short
SMALL = 5_000  # strategies that are faster searched through than prepared for

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Nodes:
    """N partial strategies with the same questions answered; N is the last axis of every array.

    Attributes:
        question: the question that the current player answers next.
        share: of the whole search that is below each node.
        sums: shape (B, Y, N): what the later players' answers b to questions y win with those given.
        bound: shape (N,): no strategy below wins more.
        path: shape (questions answered, N): the answers given.
        game: shape (N,): which of the games of the stage each node belongs to.
    """

    question: int
    share: float
    sums: Table
    bound: npt.NDArray[Any]
    path: npt.NDArray[np.int32]
    game: Indices

    def map(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Nodes:
        """Return the nodes with every array changed."""
        changed = (change(array) for array in (self.sums, self.bound, self.path, self.game))
        return Nodes(self.question, self.share, *changed)


@dataclass(frozen=True)
class Stage:
    """One player's turn, for N games at once that differ in the answers of the players before.

    Attributes:
        player: whose turn it is.
        table: shape (X, A, B, Y, N): what the player's answer a to x wins; B and Y stand for the answers
            and the questions of all later players together.
        choices: the answers to try for each question.
        inside: shape (X + 1,): the most that questions x, x + 1, .. alone can win, where it is known.
    """

    player: int
    table: Table
    choices: list[Indices]
    inside: list[int] | None = None


class BranchAndBound:
    """A search for the best deterministic strategy.

    The questions of the first player are answered one by one, then those of the second, and so on; the
    last player answers at best. Two bounds cut branches off:

    - the open questions of the player are answered at the convenience of each question of the others by
      itself, and the others answer as one;
    - what is won with the answers given, plus the most that the open questions of the first player alone
      can win, which a search of its own has found beforehand (a Russian doll).
    """

    def __init__(self, weights: Table, limit: float, what: str, deadline: float = math.inf) -> None:
        """Prepare a search.

        Args:
            weights: what is won, shape (X_1, .., X_n, A_1, .., A_n) with n >= 2; integers of a type that
                holds the value of every strategy.
            limit: additions at most, about.
            what: what to call the game in an error message.
            deadline: on the clock of `time.monotonic`, when the search ends like one that costs too much.
        """
        players = weights.ndim // 2
        self.asked, self.answers = weights.shape[:players], weights.shape[players:]
        # the heaviest questions first: their answers move the bounds most
        heavy = weights.reshape(self.asked[0], -1).sum(axis=1, dtype=float)
        self.order = np.argsort(-heavy, kind="stable")
        self.weights, self.limit, self.what = weights[self.order], limit, what
        self.deadline = deadline
        self.price = 100 if weights.dtype == object else 1  # of an addition
        self.costs = [0.0]  # additions, in each search
        self.done = 0.0  # the share of the present search that is done with
        self.open = 0  # searches to come
        self.best = -1
        self.path: list[int] = []  # the answers of all players but the last, question by question
        self.last: list[int] = []

    def run(self) -> Answers:
        """Return an optimal strategy: answers[player][question].

        Raises:
            TooLargeError: when the limit is reached, or the deadline.
        """
        players, count = len(self.asked), self.asked[0]
        axes = (*range(players, 2 * players), *range(players))
        table = self._table(0, self.weights.transpose(axes)[..., None])
        stage = Stage(0, table, [_undominated(own[..., 0]) for own in table])
        nobody = np.zeros((0, 1), np.int32)
        if math.prod(map(len, stage.choices)) <= SMALL:
            self._descend(stage, nobody, 1.0)
        else:
            inside = [0] * (count + 1)
            for x in reversed(range(count)):
                self.costs.append(0.0)
                self.done, self.open = 0.0, x
                self._spend(STARTS * RESPONSE * players * self.weights[x:].size)
                self.best, start = best_responses(self.weights[x:], STARTS)
                self.path, self.last = [a for own in start[:-1] for a in own], list(start[-1])
                self._descend(replace(stage, inside=inside), nobody, 1.0, x)
                inside[x] = self.best
                last, share = self.costs[-1], self.costs[-1] / self.limit
                if share > SEEN and share * self._growth() ** x > FAR:
                    self._give_up(last)
        found = iter(self.path)
        strategy = [[next(found) for _ in range(size)] for size in self.asked[:-1]] + [self.last]
        strategy[0] = [strategy[0][i] for i in np.argsort(self.order)]
        return tuple(map(tuple, strategy))

    def _table(self, player: int, sums: Table) -> Table:
        """Return the table of a stage, shape (X, A, B, Y, N), from sums of shape (A_p, .., X_p, .., N)."""
        asked, answers = self.asked[player:], self.answers[player:]
        shape = (answers[0], math.prod(answers[1:]), asked[0], math.prod(asked[1:]), sums.shape[-1])
        return np.ascontiguousarray(sums.reshape(shape).transpose(2, 0, 1, 3, 4))

    def _descend(self, stage: Stage, path: npt.NDArray[np.int32], share: float, start: int = 0) -> None:
        """Answer the questions of a player from `start` on, then those of the later players."""
        table = stage.table
        free = np.zeros((len(table) + 1, *table.shape[2:]), table.dtype)  # what the open questions may win
        for x in reversed(range(len(table))):
            free[x] = free[x + 1] + table[x].max(axis=0)
        games = np.arange(table.shape[-1])
        stack = [Nodes(start, share, np.zeros_like(free[0]), _won(free[start]), path, games)]
        width = max(32, BLOCK // (free[0, ..., 0].size * table.dtype.itemsize))
        while stack:
            nodes = self._pruned(stack.pop())  # the best may have improved since they were kept
            if nodes.game.size > width:
                stack.append(nodes.map(lambda a: np.ascontiguousarray(a[..., width:])))
                nodes = nodes.map(lambda a: np.ascontiguousarray(a[..., :width]))
            if not nodes.game.size:
                continue
            if nodes.question == len(table):
                after = self._table(stage.player + 1, nodes.sums)
                every = [np.arange(after.shape[1])] * len(after)
                self._descend(Stage(stage.player + 1, after, every), nodes.path, nodes.share)
                continue
            children = [self._child(stage, nodes, int(a), free) for a in stage.choices[nodes.question]]
            self._spend(nodes.sums.size * len(children))
            if nodes.question + 1 == len(table) and stage.player == len(self.asked) - 2:
                for child in children:  # all is answered: the bound is the value
                    self._record(child)
            else:
                stack.append(_joined([self._pruned(child) for child in children]))

    def _child(self, stage: Stage, nodes: Nodes, answer: int, free: Table) -> Nodes:
        """Return the nodes with the next question answered."""
        x = nodes.question
        sums = nodes.sums + _of(stage.table[x, answer], nodes.game)
        if x + 1 == len(stage.table):
            bound = _won(sums)
        else:
            bound = _won(sums + _of(free[x + 1], nodes.game))
            if stage.inside is not None:
                bound = np.minimum(bound, _won(sums) + stage.inside[x + 1])
        path = np.vstack([nodes.path, np.full(nodes.game.size, answer, np.int32)])
        return Nodes(x + 1, nodes.share / len(stage.choices[x]), sums, bound, path, nodes.game)

    def _pruned(self, nodes: Nodes) -> Nodes:
        """Return the nodes below which there may be something better than the best."""
        keep = nodes.bound > self.best
        self.done += nodes.share * int(keep.size - np.count_nonzero(keep))
        return nodes if keep.all() else nodes.map(lambda a: np.compress(keep, a, axis=-1))

    def _record(self, leaves: Nodes) -> None:
        """Take the best of complete strategies, if it is better than the best so far."""
        self.done += leaves.share * leaves.game.size
        i = int(leaves.bound.argmax())
        if leaves.bound[i] > self.best:
            self.best = int(leaves.bound[i])
            self.path = leaves.path[:, i].tolist()
            self.last = leaves.sums[..., i].argmax(axis=0).tolist()

    def _spend(self, additions: int) -> None:
        """Count additions.

        Raises:
            TooLargeError: when there were too many, or time is over.
        """
        self.costs[-1] += self.price * additions
        if time.monotonic() > self.deadline:
            raise TooLargeError(f"{self.what}: the classical value was not found in the time that was given")
        if sum(self.costs) > self.limit:
            self._give_up(self.costs[-1] / max(self.done, 1e-9))

    def _give_up(self, present: float) -> NoReturn:
        """Refuse the game, with an estimate; the argument is the cost of the present search."""
        expected = max(present * self._growth() ** self.open, 2 * self.limit)
        raise TooLargeError(
            f"{self.what}: the classical value needs a search of about {expected:.0e} additions; "
            f"allowed are {self.limit:.0e}"
        )

    def _growth(self) -> float:
        """Return by what factor the searches have grown of late, one question more each."""
        earlier, *_, last = self.costs[-5:-1] if len(self.costs) > 5 else [1.0, 1.0]
        return float(max(1.0, (last / max(earlier, 1.0)) ** (1 / 3)))


def _won(sums: Table) -> npt.NDArray[Any]:
    """Return what best responses win, shape (N,), from sums of shape (B, Y, N)."""
    wide = np.int32 if sums.dtype.itemsize < 4 else sums.dtype
    won: npt.NDArray[Any] = sums.max(axis=0).sum(axis=0, dtype=wide)
    return won


def _of(table: Table, game: Indices) -> Table:
    """Return what each node's own game says, shape (B, Y, N or 1)."""
    return table if table.shape[-1] == 1 else np.take(table, game, axis=-1)


def _joined(children: list[Nodes]) -> Nodes:
    """Return all nodes together, those of the highest bound first."""
    arrays = zip(*((c.sums, c.bound, c.path, c.game) for c in children), strict=True)
    together = Nodes(children[0].question, children[0].share, *(np.concatenate(a, axis=-1) for a in arrays))
    order = np.argsort(-together.bound, kind="stable")
    return together.map(lambda a: np.take(a, order, axis=-1))


def _undominated(table: Table) -> Indices:
    """Return the answers, of those in a table (A, B, Y), without those that another never falls behind."""
    kept: list[int] = []
    flat = table.reshape(len(table), -1)
    if flat.size * len(flat) > MANY:
        return np.arange(len(flat))
    for a in np.argsort(-flat.sum(axis=1, dtype=float), kind="stable"):
        if not (flat[kept] >= flat[a]).all(axis=1).any():
            kept.append(int(a))
    return np.array(kept)
