"""The dual of one program, to within rounding where it can: linear programs, then Newton's method.

The dual function is <K, target> + max(0, max F), to be minimised over K (`Best.level`). A linear program over
the products known so far proposes a K inside a box around the best one; the local maxima of F there are new
products. Once they are roughly right, Newton's method (see newton.py) takes over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary import newton, pricing
from qcoord_hw.theory.regions.auxiliary.dictionary import Dictionary
from qcoord_hw.theory.regions.auxiliary.feasibility import coarser, find_mixture
from qcoord_hw.theory.regions.auxiliary.local import augmented_lagrangian
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray, Product

CONVERGED = 1e-9  # bits between the mixture and the dual
NEWTON_STEPS = 12
WIDEST = 4096.0  # bits, of all linear programs
BOX, DAMPING = 8.0, 0.3  # bits, of the first linear program; and see `Dictionary.stabilised`
NEAR = 0.003  # bits; below it Newton's method is tried
MOST_FOR_NEWTON = 300  # entries of the target
LARGE = 40  # entries of the target, from which on local optimisation makes the start
SPARSE = 8  # of the angles of a circle's grid: first products
ENTANGLED = -1e-3  # bits; the mean gain of a mixture is never negative
HOPELESS = 1e-3  # of `Feasibility.residual`
PENALTY = 64.0  # bits: of the border's operators in the first dual
SIZES = (8.0, 16.0, 32.0, 64.0)  # bits, of the coordinates of a tempered dual
BOXES = (0.5, 0.05)  # bits about a dual, in which linear programs say which products it asks for
TEMPERED = 1e-3  # bits that a tempered dual may be worse


@dataclass
class Best:
    """The best dual found for a weight vector.

    Attributes:
        level: <K, target> + max(0, F) with the largest F that was found: an upper bound, not yet proved, of
            the mean gain.
        dual: K.
        excess: max(0, largest F found).
    """

    level: float
    dual: FloatArray
    excess: float


class Workspace:
    """What is known about a problem: its products so far, and the best dual of every program solved.

    Attributes:
        model: the problem in real coordinates.
        dictionary: products.
        duals: the best dual for each beta.
        generator: source of the random starts.
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        """Begin with the letters, the product of marginals and some random products."""
        self.model = model
        self.generator = np.random.default_rng(seed)
        self.dictionary = Dictionary(model)
        self.duals: dict[float, Best] = {}
        self.searched = len(model.problem.quantum) < 2
        self.decomposition: tuple[Product, ...] | None = None  # the first mixture that was found
        if not model.spaces:
            return  # a problem without parties: nothing to do
        if len(model.problem.quantum) < 2:
            letters, probabilities = _letters(model)
            self.dictionary.add(letters)
            self.decomposition = model.products(letters, probabilities)
        marginals = [model.marginal(i)[None] for i in range(len(model.spaces))]
        for face in model.faces or ():
            if pricing.inside(face, marginals)[1].all():
                self.dictionary.add(marginals)
        for face in (model.faces or ())[:64]:
            self.dictionary.add(face.embed(pricing.start_points(face, 16, self.generator)))
        for circle in model.circles:
            self.dictionary.add(circle.points(circle.grid[::SPARSE]))

    def gains(self, weights: tuple[float, ...]) -> FloatArray:
        """Return sum_i w_i H_i of every product."""
        return np.asarray(self.dictionary.entropies @ np.array(weights))

    def optimise(self, beta: float, deadline: float, most: int = 200) -> Best:
        """Return a dual for beta that is as good as the time allows."""
        model, dictionary = self.model, self.dictionary
        weights = model.problem.weights(beta)
        small = model.target.size <= MOST_FOR_NEWTON
        best = self._start(beta, weights, deadline)
        box = BOX
        for _ in range(most):
            gains = self.gains(weights)
            predicted, reduced, probabilities = dictionary.stabilised(
                gains, dictionary.reduced(best.dual), box, deadline, DAMPING
            )
            if not np.isfinite(predicted) and time.monotonic() > deadline:
                break
            dual = dictionary.tensor(reduced)
            active = np.flatnonzero(probabilities > 1e-9)
            warm = [p[active] for p in dictionary.points]
            found, trial = self._price(weights, dual, warm, deadline)
            promised = best.level - predicted
            gained = best.level - trial.level
            if gained > 0:
                box = min(box * 2, WIDEST) if gained > 0.3 * promised else box
                best = trial
            else:
                box = max(box * 0.7, 0.05)
            if best.level < ENTANGLED or time.monotonic() > deadline:
                break
            near = small and not self.model.circles and promised < NEAR and len(found[1]) > 0
            converged = near and self._newton(weights, dual, found, best, deadline)
            if converged or promised < CONVERGED:
                mixture = dictionary.mixture(self.gains(weights), deadline=deadline)
                if mixture is not None and best.level - float(self.gains(weights) @ mixture) < CONVERGED:
                    break
                if promised < CONVERGED:
                    if box == WIDEST:
                        break
                    box = min(box * 4, WIDEST)
        self.duals[beta] = best
        return best

    def temper(self, beta: float, deadline: float, most: int = 20) -> Best:
        """Return a dual for beta that is nearly as good as the best one, but of small size.

        On the border of the separable states the best K is huge, and what branch and bound proves of it in
        a given time is the worse the larger K is.
        """
        weights = self.model.problem.weights(beta)
        best = self.duals[beta]
        centre = np.zeros(len(self.dictionary.target))
        for size in SIZES:
            if self.dictionary.size(best.dual) <= 1.5 * size:
                break
            found: Best | None = None
            for _ in range(most):
                predicted, reduced, probabilities = self.dictionary.stabilised(
                    self.gains(weights), centre, size, deadline
                )
                if not predicted < best.level + TEMPERED or time.monotonic() > deadline:
                    break
                warm = [p[probabilities > 1e-9] for p in self.dictionary.points]
                trial = self._price(weights, self.dictionary.tensor(reduced), warm, deadline)[1]
                found = trial if found is None or trial.level < found.level else found
                if found.level < best.level + TEMPERED:
                    return found
        return best

    def settle(self, beta: float, deadline: float) -> None:
        """Add products on the border of the separable states near those that the best dual asks for."""
        dictionary, best = self.dictionary, self.duals[beta]
        gains = self.gains(self.model.problem.weights(beta))
        for box in BOXES if len(dictionary.border.directions) else ():
            asked = dictionary.stabilised(gains, dictionary.reduced(best.dual), box, deadline)[2] > 1e-6
            asked &= ~dictionary.allowed[: len(asked)]
            dictionary.add(dictionary.border.reach([p[: len(asked)][asked] for p in dictionary.points]))
            gains = self.gains(self.model.problem.weights(beta))

    def find_mixture(self, deadline: float) -> bool:
        """Put a mixture that equals the target into the dictionary; return False if it is hopeless.

        Only with several quantum parties is there anything to find. A block whose best mixture is far off is
        taken to be entangled.
        """
        if self.searched:
            return True
        dictionary = self.dictionary
        nothing = np.zeros(len(dictionary))
        if self.model.pairs and (mixture := dictionary.mixture(nothing, deadline=deadline)) is not None:
            chosen = mixture > 0
            points = [p[chosen] for p in dictionary.points]
            self.decomposition, self.searched = self.model.products(points, mixture[chosen]), True
            return True
        limit = 0.6 * max(deadline - time.monotonic(), 0.0)
        found = find_mixture(self.model.problem, time_limit=limit, seed=int(self.generator.integers(1 << 31)))
        if found.products is not None:
            points = self.model.coordinates(found.products)
            probabilities = np.array([product.probability for product in found.products])
            self.dictionary.add(points)
            self.dictionary.add(coarser(points, probabilities))
            self.decomposition = found.products
            self.searched = True
        return found.residual < HOPELESS

    def insert(self, beta: float, best: Best, points: list[FloatArray]) -> Best:
        """Add products found elsewhere, above a dual; return the dual with the excess that they prove."""
        self.dictionary.add(points)
        value = float(
            pricing.objective(self.model.spaces, self.model.problem.weights(beta), best.dual, points).max()
        )
        more = max(value - best.excess, 0.0)
        own = best is self.duals[beta]
        best = Best(best.level + more, best.dual, best.excess + more)
        if own:
            self.duals[beta] = best
        return best

    def _start(self, beta: float, weights: tuple[float, ...], deadline: float) -> Best:
        """Return the dual of the nearest beta, or one for which the product of marginals is best."""
        if beta in self.duals:
            return self.duals[beta]
        now = time.monotonic()
        if self.duals:
            dual = self.duals[min(self.duals, key=lambda other: abs(other - beta))].dual
        else:
            spaces = self.model.spaces
            dual = np.zeros(self.model.shape)
            for i, (space, weight) in enumerate(zip(spaces, weights, strict=True)):
                mixed = 0.999 * self.model.marginal(i) + 0.001 * space.trace / space.dimension
                own = weight * space.entropy_gradient(mixed[None])[0]
                dual += reduce(np.multiply.outer, [own if j == i else s.trace for j, s in enumerate(spaces)])
        nothing = [p[:0] for p in self.dictionary.points]
        best = self._price(weights, dual, nothing, deadline)[1]
        if len(self.model.problem.quantum) > 1 and not self.duals:
            border = self.dictionary.border.directions.sum(axis=0)
            if border.any():
                other = self._price(weights, dual + PENALTY * border, nothing, deadline)[1]
                best = min(best, other, key=lambda b: b.level)
        if not self.duals and self.model.full and self.model.target.size > LARGE:
            count = min(max(32, self.model.target.size // 2), 64)
            other = self._local(weights, count, now + 0.4 * (deadline - now), deadline)
            best = min(best, other, key=lambda b: b.level)
        return best

    def begin(self, beta: float, counts: tuple[int, ...], deadline: float) -> None:
        """Look for mixtures of a few products by local optimisation, and keep the best dual that comes of it.

        Where the optimal products are a continuum this finds a mixture far sooner than `optimise` does.

        Args:
            beta: the program.
            counts: of products; each is tried once.
            deadline: in the time of `time.monotonic`; the first count may take all of it.
        """
        weights = self.model.problem.weights(beta)
        for count in counts:
            if time.monotonic() > deadline:
                break
            found = self._local(weights, count, deadline, deadline)
            if beta not in self.duals or found.level < self.duals[beta].level:
                self.duals[beta] = found

    def _local(self, weights: tuple[float, ...], count: int, limit: float, deadline: float) -> Best:
        """Add the products of a local optimum, and judge the dual that belongs to it."""
        local = augmented_lagrangian(self.model, weights, self.generator, count, limit)
        kept = [p[local.probabilities > 1e-9] for p in local.points]
        self.dictionary.add(kept)
        return self._price(weights, local.dual, kept, deadline)[1]

    def _price(
        self,
        weights: tuple[float, ...],
        dual: FloatArray,
        warm: list[FloatArray],
        deadline: float,
        count: int = 16,
        rounds: int = 150,
    ) -> tuple[tuple[list[FloatArray], FloatArray], Best]:
        """Find the local maxima of F, add the good ones and judge the dual."""
        points, value = pricing.price(
            self.model, weights, dual, warm, self.generator, deadline, count=count, rounds=rounds
        )
        near = value > -1e-3
        self.dictionary.add([p[near] for p in points])
        known = self.gains(weights) - self.dictionary.columns @ self.dictionary.reduced(dual)
        excess = max(float(value.max(initial=0.0)), float(known.max(initial=0.0)))
        return (points, value), Best(float((dual * self.model.target).sum()) + excess, dual, excess)

    def _newton(
        self,
        weights: tuple[float, ...],
        dual: FloatArray,
        found: tuple[list[FloatArray], FloatArray],
        best: Best,
        deadline: float,
    ) -> bool:
        """Improve `best` in place by Newton steps from K; return whether they converged."""
        points, value = found
        probabilities: FloatArray | None = None
        failures = 0
        for _ in range(NEWTON_STEPS):
            if time.monotonic() > deadline:
                return False
            near = value > -max(0.02, 3 * abs(float(value[0])))
            points, value = [p[near] for p in points], value[near]
            if probabilities is None:
                probabilities = self._probabilities(points)
            else:
                probabilities = probabilities[near]
            dual, probabilities = newton.step(self.model, weights, dual, points, value, probabilities)
            kept = probabilities > 0
            if not kept.any() or np.abs(dual).max() > 1e4:
                return False
            warm, mass = [p[kept] for p in points], probabilities[kept]
            (points, value), trial = self._price(weights, dual, warm, deadline, count=8, rounds=200)
            gained = best.level - trial.level
            if gained > 0:
                best.level, best.dual, best.excess = trial.level, trial.dual, trial.excess
            else:
                failures += 1
            if abs(gained) < 1e-11 and trial.excess < 1e-9:
                return True
            if failures > 2:
                return False
            probabilities = np.zeros(len(value))
            distance = np.abs(np.concatenate(points, 1)[:, None] - np.concatenate(warm, 1)[None]).max(axis=2)
            np.add.at(probabilities, distance.argmin(axis=0), mass)
        return False

    def _probabilities(self, points: list[FloatArray]) -> FloatArray:
        """Return probabilities whose mixture of the products is near the target."""
        columns = reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), points)
        target = self.model.target.reshape(-1)
        matrix = np.concatenate([columns.T, 1e-3 * np.eye(len(columns))])
        from scipy.optimize import nnls  # slow to import

        return np.asarray(nnls(matrix, np.concatenate([target, np.zeros(len(columns))]))[0])


def _letters(model: Model) -> tuple[list[FloatArray], FloatArray]:
    """Return the mixture in which U is all classical letters, for at most one quantum party."""
    n = len(model.problem.classical)
    points: list[list[FloatArray]] = [[] for _ in model.spaces]
    probabilities = []
    for cell in model.supports:
        for i in range(n):
            points[i].append(np.eye(model.spaces[i].size)[cell[i]])
        block = model.target[cell]
        probabilities.append(float(block @ model.spaces[n].trace) if n < len(model.spaces) else float(block))
        if n < len(model.spaces):
            points[n].append(block / probabilities[-1])
    return [np.array(p) for p in points], np.array(probabilities)
