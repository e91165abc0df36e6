"""Lower bounds on quantum values: a see-saw over the players' measurements and the state."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.ascent import ascended
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.payoffs import FloatArray, payoff_tensor, strategy_value
from qcoord_hw.theory.games.povm import dagger, elements, improved, projective, random
from qcoord_hw.theory.games.strategies import ComplexArray, QuantumStrategy

SWEEPS = 16  # between two selections; then the worse half of the starts is dropped
MAX_SWEEPS = 500
SETTLED = 1e-13  # gain in SWEEPS sweeps, relative to the payoffs, at which starts have settled


def seesaw(
    game: Game | npt.ArrayLike,
    dimension: int,
    *,
    starts: int = 40,
    seed: int = 0,
    time_limit: float = 60.0,
    target: float = math.inf,
    projective_only: bool = False,
) -> tuple[float, QuantumStrategy]:
    """Return the payoff of a good strategy of that local dimension, and the strategy [Werner2001].

    From random complex measurements and the maximally entangled state, each player in turn and then the
    state are improved while the rest stays. The state is a top eigenvector. A measurement with two answers
    is a projector on a positive part; one with more is E_b = K_b^dagger K_b with an isometry (K_1; K_2; ..),
    replaced by the polar factor of (K_1 s_1; K_2 s_2; ..), s_b being the positive operators of which
    sum_b Tr(E_b s_b) is the payoff: this sum is convex in K, so it never decreases [Jezek2002].

    All starts are batched; the worse half is dropped now and then. Where the best one still gains when sweeps
    are over, a quasi-Newton method goes on with it. Measurements close to projective ones are made so.

    Args:
        game: a game, or real payoffs of shape (X_1, .., X_k, B_1, .., B_k).
        dimension: the local dimension of every player.
        starts: how many random starts.
        seed: of the starts; same seed, same answer, unless time runs out.
        time_limit: seconds after which the best strategy so far is returned.
        target: a value at which to stop early, such as a known upper bound.
        projective_only: whether measurements are made projective whatever that costs; others need more
            qubits.

    Raises:
        InputError: when the dimension or the number of starts is not positive, or by `payoff_tensor`.
    """
    if dimension < 1 or starts < 1:
        raise InputError(f"dimension, starts: {dimension}, {starts}; allowed are positive numbers")
    deadline = time.monotonic() + time_limit
    tensor = payoff_tensor(game)
    batch = _Batch(tensor, dimension, starts, np.random.default_rng(seed))
    if not batch.climb(deadline, target - 1e-9 * batch.scale):
        batch.ascend(deadline)
    strategy = batch.strategy()
    value = strategy_value(tensor, strategy)
    if set(tensor.shape[tensor.ndim // 2 :]) <= {1, 2}:
        return value, strategy  # projective already
    batch.make_projective()
    batch.climb(deadline, target - 1e-9 * batch.scale)
    if projective_only:
        batch.make_projective()
    rounded = batch.strategy()
    # projective measurements are worth the last digits: a circuit does them without a further system
    if (other := strategy_value(tensor, rounded)) >= value - 1e-10 * batch.scale or projective_only:
        return other, rounded
    return value, strategy


class _Batch:
    """A batch of see-saws, one a start.

    Attributes:
        scale: size of the payoffs.
        values: shape (starts,): the payoffs at present.
    """

    def __init__(self, tensor: FloatArray, dimension: int, starts: int, rng: np.random.Generator) -> None:
        """Draw the starts."""
        players = tensor.ndim // 2
        self._sizes = list(zip(tensor.shape[:players], tensor.shape[players:], strict=True))
        # payoffs from 0 up make every operator below positive
        low = tensor.min(axis=tuple(range(players, 2 * players)), keepdims=True)
        pairs = [axis for i in range(players) for axis in (i, players + i)]
        self._weights = (tensor - low).transpose(pairs).reshape([x * b for x, b in self._sizes])
        self._offset = float(low.sum())
        self.scale = float(np.abs(tensor).max()) * math.prod(tensor.shape[:players]) or 1.0
        self._dimension = dimension
        self._kraus = [random(rng, (starts, x, b, dimension)) for x, b in self._sizes]
        self._state = np.zeros((starts,) + (dimension,) * players, dtype=complex)
        for k in range(dimension):
            self._state[(slice(None),) + (k,) * players] = dimension**-0.5
        self.values = np.zeros(starts)

    def climb(self, deadline: float, enough: float) -> bool:
        """Sweep until all starts settle, one has enough, or time is over; drop bad starts on the way.

        Returns:
            Whether that is so; else there were too few sweeps.
        """
        before = self.values - self.scale
        for count in range(MAX_SWEEPS):
            self.sweep()
            if time.monotonic() > deadline or self.values.max() >= enough:
                return True
            if count % SWEEPS == SWEEPS - 1:
                if (self.values - before).max() < SETTLED * self.scale:
                    return True
                self._keep(max(2, len(before) // 2))
                before = self.values
        return False

    def ascend(self, deadline: float) -> None:
        """Keep the best start only, and change everything in it at once."""
        self._keep(1)
        value = self.values[0]
        before = [kraus[0] for kraus in self._kraus], self._state
        self._kraus = [own[None] for own in ascended(before[0], self._slope, deadline)]
        self.sweep()
        if self.values[0] < value:
            self._kraus, self._state = [own[None] for own in before[0]], before[1]
            self.values = np.array([value])

    def _slope(self, kraus: list[ComplexArray]) -> tuple[float, list[ComplexArray]]:
        """Return the payoff of a start's measurements with the best state, and its slope."""
        own = [elements(k[None]) for k in kraus]
        values, vectors = np.linalg.eigh(self._bell(own[0], self._rest(own, 0)))
        state = vectors[..., -1].reshape(1, *self._state.shape[1:])
        return float(values[0, -1]), [2 * k @ self._operators(own, i, state)[0] for i, k in enumerate(kraus)]

    def _keep(self, many: int) -> None:
        best = np.argsort(-self.values, kind="stable")[:many]
        self._kraus = [kraus[best] for kraus in self._kraus]
        self._state, self.values = self._state[best], self.values[best]

    def sweep(self) -> None:
        """Improve every player's measurements, then the state."""
        own = [elements(kraus) for kraus in self._kraus]
        for i, kraus in enumerate(self._kraus):
            self._kraus[i] = improved(kraus, self._operators(own, i, self._state))
            own[i] = elements(self._kraus[i])
        values, vectors = np.linalg.eigh(self._bell(own[0], self._rest(own, 0)))
        self._state = vectors[..., -1].reshape(self._state.shape)
        self.values = values[:, -1] + self._offset

    def make_projective(self) -> None:
        """Replace measurements with three and more answers by projective ones."""
        self._kraus = [kraus if kraus.shape[2] == 2 else projective(kraus) for kraus in self._kraus]

    def strategy(self) -> QuantumStrategy:
        """Return the best strategy, its operators complete and positive to machine precision."""
        best = int(self.values.argmax())
        players = len(self._sizes)
        state = self._state[best].reshape(-1)
        return QuantumStrategy(
            (self._dimension,) * players,
            state / np.linalg.norm(state),
            tuple(tuple(elements(kraus[best])) for kraus in self._kraus),
        )

    def _operators(self, own: list[ComplexArray], player: int, state: ComplexArray) -> ComplexArray:
        """Return s_b of a player's elements, shape (starts, X, B, d, d)."""
        ket = np.moveaxis(state, 1 + player, 1).reshape(len(state), 1, self._dimension, -1)
        operators = ket @ self._rest(own, player).swapaxes(-1, -2) @ dagger(ket)
        return operators.reshape(len(state), *self._sizes[player], self._dimension, self._dimension)

    def _rest(self, own: list[ComplexArray], player: int) -> ComplexArray:
        """Return sum of payoff times the others' elements, shape (starts, X B of the player, R, R)."""
        d = self._dimension
        total: npt.NDArray[Any] = np.moveaxis(self._weights, player, 0)[None]
        others = [e for i, e in enumerate(own) if i != player]
        for e in others:
            total = np.moveaxis(total, 2, -1)
            shape = total.shape
            total = total.reshape(shape[0], -1, shape[-1]) @ e.reshape(len(e), -1, d * d)
            total = total.reshape(len(e), *shape[1:-1], d * d)
        k = len(others)
        order = [0, 1, *range(2, 2 + 2 * k, 2), *range(3, 3 + 2 * k, 2)]
        total = total.reshape(*total.shape[:2], *(d,) * (2 * k)).transpose(order)
        return total.reshape(*total.shape[:2], d**k, d**k)

    def _bell(self, own: ComplexArray, rest: ComplexArray) -> ComplexArray:
        """Return the operator whose expectation is the payoff, shape (starts, d^k, d^k)."""
        starts, d, r = len(own), self._dimension, rest.shape[-1]
        flat = own.reshape(starts, -1, d * d).swapaxes(1, 2) @ rest.reshape(len(rest), -1, r * r)
        return flat.reshape(starts, d, d, r, r).transpose(0, 1, 3, 2, 4).reshape(starts, d * r, d * r)
