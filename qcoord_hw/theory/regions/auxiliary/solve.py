"""Certified values of the optimisation over U: value(beta) and points of the frontier (R0, R1).

The upper bound is an explicit mixture, the lower bound a dual K with a bound of F that branch and bound
proves. Where that takes too long, data processing gives the lower bound: I(X;U) >= I(X; the others), I(all;U)
>= I(i; the others).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.regions.auxiliary import bound, pricing
from qcoord_hw.theory.regions.auxiliary.dictionary import linear_program
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.optimise import Best, Workspace
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray, Problem, Product, Solution

SLACK = 1e-9  # bits: what a printed delta is relaxed by at least, so that a checker need not work at the edge
PLACED = 1e-8  # of the size of K: by how much two computations of the same product may differ
LARGE, SHARE_OF_LARGE = 100.0, 0.2  # size in bits of a large dual, and its part of the time for proofs
SETTLED = 1e-4  # bits: a proof of this accuracy needs no other dual
LAST = 0.5  # seconds that the last linear program may take where no time is left
COUNTS, SHARE_OF_BEGINNING = (8, 12), 0.6  # of products in a search for a mixture alone, and its time
SLICE = 12  # rounds between two looks at a search for a mixture alone
ENOUGH = 1e-8  # bits; the gap that ends it
IDLE, MOST_IDLE = 1e-7, 2  # bits that a look has to gain, and how many looks without that end it
COLD = 1e-5  # the beta whose products serve beta = 0


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """The least R1 at a given R0, in bits.

    Attributes:
        randomness: R0.
        upper: max(I(X;U), I(all;U) - R0) of the mixture `solution.products`.
        lower: solution.lower - beta R0, at least 0.
        solution: the program whose dual proves it.
    """

    randomness: float
    upper: float
    lower: float
    solution: Solution


def solve(
    problem: Problem,
    beta: float,
    *,
    time_limit: float = 60.0,
    seed: int = 0,
    tolerance: float = 1e-6,
    workspace: Workspace | None = None,
) -> Solution | None:
    """Return value(beta) = min (1 - beta) I(X;U) + beta I(all;U) between two bounds.

    For beta = 0 the mixture is, among the optimal ones, one of least I(all;U).

    Args:
        problem: the target and its parties (best after reduction.reduce).
        beta: in [0, 1]; 1 gives Corollary 2, 0 Corollary 3.
        time_limit: in seconds; what is proved by then is returned.
        seed: of the random starts.
        tolerance: the certified gap aimed at, in bits.
        workspace: products and duals of earlier calls for the same problem.

    Returns:
        The bounds; None where no mixture that equals the target was found in time.
    """
    if not problem.parties:
        return Solution(beta, 0.0, (Product(1.0, ()),), 0.0, None, 0.0)
    start = time.monotonic()
    workspace = workspace or Workspace(Model(problem), seed)
    deadline = start + time_limit
    if not workspace.find_mixture(deadline):
        return None
    share = 0.5 if _can_branch(workspace, beta) else 0.9
    best = workspace.optimise(beta, start + share * time_limit)
    if beta == 0 and problem.sender:
        workspace.optimise(COLD, start + (share + 0.1) * time_limit, most=20)
    workspace.settle(beta, deadline)
    delta, best = _certify(workspace, beta, best, tolerance, deadline)
    mixture = _mixture(workspace, beta, max(deadline, time.monotonic() + LAST))
    return None if mixture is None else _solution(workspace, beta, best, delta, mixture)


def cheapest_mixture(
    workspace: Workspace, beta: float, deadline: float, *, below: float = np.inf
) -> tuple[Product, ...] | None:
    """Return the mixture of least (1 - beta) I(X;U) + beta I(all;U) that is found, without a lower bound.

    Args:
        workspace: of the problem.
        beta: in [0, 1].
        deadline: in the time of `time.monotonic`.
        below: bits; the search ends where its duals promise no less than this.

    Returns:
        None where no mixture that equals the target, or none that is so cheap, is to be expected.
    """
    model = workspace.model
    if not model.problem.parties:
        return (Product(1.0, ()),)
    if not workspace.find_mixture(deadline):
        return None
    weights = model.problem.weights(beta)
    if model.full and len(model.problem.quantum) > 1:
        now = time.monotonic()
        workspace.begin(beta, COUNTS, now + SHARE_OF_BEGINNING * max(deadline - now, 0.0))
    gains, idle = -np.inf, 0
    while True:
        best = workspace.optimise(beta, deadline, most=SLICE)
        if model.constant(beta) - best.level >= below:
            return None
        mixture = workspace.dictionary.mixture(workspace.gains(weights), deadline=deadline + LAST)
        now = -np.inf if mixture is None else float(workspace.gains(weights) @ mixture)
        idle = 0 if now > gains + IDLE else idle + 1
        gains = max(gains, now)
        if best.level - gains < ENOUGH or idle == MOST_IDLE or time.monotonic() > deadline:
            return _mixture(workspace, beta, max(deadline, time.monotonic() + LAST))


def solve_rate(
    problem: Problem,
    randomness: float,
    *,
    time_limit: float = 60.0,
    seed: int = 0,
    tolerance: float = 1e-6,
    workspace: Workspace | None = None,
) -> FrontierPoint | None:
    """Return the least R1 with which R0 = `randomness` bits suffice, between two bounds.

    R1 >= I(X;U) and R1 + R0 >= I(all;U): a linear program over the products, whose dual gives beta.

    Args:
        problem: with a sender.
        randomness: R0 in bits, at least 0.
        time_limit: in seconds.
        seed: of the random starts.
        tolerance: the certified gap aimed at, in bits.
        workspace: products and duals of earlier calls for the same problem.
    """
    if not problem.parties:
        nothing = Solution(1.0, 0.0, (Product(1.0, ()),), 0.0, None, 0.0)
        return FrontierPoint(randomness, 0.0, 0.0, nothing)
    start = time.monotonic()
    workspace = workspace or Workspace(Model(problem), seed)
    deadline = start + time_limit
    if not workspace.find_mixture(deadline):
        return None
    if not workspace.duals:
        for beta in (1.0, 0.0):
            workspace.optimise(beta, start + 0.2 * time_limit)
    beta, best = 1.0, workspace.duals[1.0] if 1.0 in workspace.duals else None
    for _ in range(30):
        found = _rate_program(workspace, randomness, deadline)
        if found is None:
            beta = 1.0
        else:
            beta = found[0]
        best = workspace.optimise(beta, start + 0.6 * time_limit)
        found = _rate_program(workspace, randomness, deadline)
        lower = workspace.model.constant(beta) - best.level - beta * randomness
        if (found is not None and found[1] - max(lower, 0.0) < 0.02 * tolerance) or time.monotonic() > (
            start + 0.6 * time_limit
        ):
            break
    if best is None or found is None:
        return None
    mixture = _products(workspace, found[2])  # before the proof, which may change the dictionary
    delta, best = _certify(workspace, beta, best, tolerance, deadline)
    if (found := _rate_program(workspace, randomness, deadline)) is not None:
        mixture = _products(workspace, found[2])
    solution = _solution(workspace, beta, best, delta, mixture)
    sender, total = rates(problem, mixture)
    upper = max(sender, total - randomness, 0.0)
    return FrontierPoint(randomness, upper, max(solution.lower - beta * randomness, 0.0), solution)


def rates(problem: Problem, products: tuple[Product, ...]) -> tuple[float, float]:
    """Return I(X;U) (0 without a sender) and I(all;U) in bits of a mixture that equals the target."""
    if not problem.parties:
        return 0.0, 0.0
    model = Model(problem)
    means = list(model.conditional_entropies(products).values())
    sender = model.sender_entropy - means[0] if problem.sender else 0.0
    return max(sender, 0.0), max(model.entropy - sum(means), 0.0)


def data_processing(model: Model, beta: float) -> float:
    """Return I(X; others) with a sender and, for beta = 1, the largest I(i; others), in bits."""
    parties = range(len(model.spaces)) if beta == 1 else range(1 if model.problem.sender else 0)
    bounds = [0.0]
    for party in parties:
        bounds.append(model.marginal_entropy(party) + model.complement_entropy(party) - model.entropy)
    return max(bounds)


def _solution(
    workspace: Workspace, beta: float, best: Best, delta: float, products: tuple[Product, ...]
) -> Solution:
    """Put both bounds together: a mixture and the better of the dual and data processing."""
    model = workspace.model
    sender, total = rates(model.problem, products)
    upper = (1 - beta) * sender + beta * total
    simple = data_processing(model, beta)
    lower = -np.inf
    if np.isfinite(delta):
        exact = model.constant(beta) - float((best.dual * model.target).sum())
        if model.pairs:  # the checker finds the products that may occur its own way, to this accuracy
            delta += PLACED * max(1.0, float(np.abs(best.dual).max()))
        delta += SLACK + 0.1 * max(upper - max(exact - delta, simple), 0.0)
        lower = exact - delta
    if lower < simple - 1e-7 or lower < 0:
        return Solution(beta, upper, products, min(simple, upper), None, 0.0)
    return Solution(beta, upper, products, lower, model.dual_matrices(model.normal_form(best.dual)), delta)


def _products(workspace: Workspace, mixture: FloatArray) -> tuple[Product, ...]:
    chosen = mixture > 0
    return workspace.model.products([p[chosen] for p in workspace.dictionary.points], mixture[chosen])


def _mixture(workspace: Workspace, beta: float, deadline: float) -> tuple[Product, ...] | None:
    """Return the best mixture for beta; for beta = 0 one of least I(all;U) among the optimal ones."""
    gains = workspace.gains(workspace.model.problem.weights(beta))
    mixture = workspace.dictionary.mixture(gains, deadline=deadline)
    if mixture is None:
        return workspace.decomposition
    if beta == 0:
        total = workspace.dictionary.entropies.sum(axis=1)
        least = float(gains @ mixture) - 1e-10
        second = workspace.dictionary.mixture(total, at_least=(gains, least), deadline=deadline)
        mixture = mixture if second is None else second
    return _products(workspace, mixture)


def _rate_program(
    workspace: Workspace, randomness: float, deadline: float
) -> tuple[float, float, FloatArray] | None:
    """Return beta, R1 and the mixture of the linear program at R0; None without a mixture."""
    model, dictionary = workspace.model, workspace.dictionary
    sender = dictionary.entropies[:, 0] if model.problem.sender else np.zeros(len(dictionary))
    total = dictionary.entropies.sum(axis=1)
    count = len(dictionary)
    cost = np.append(np.zeros(count), 1.0)
    matrix = np.stack([np.append(-sender, -1.0), np.append(-total, -1.0)])
    limits = [-model.sender_entropy, randomness - model.entropy]
    equal = np.concatenate([dictionary.columns.T, np.zeros((len(dictionary.target), 1))], axis=1)
    result = linear_program(
        cost, deadline, A_ub=matrix, b_ub=limits, A_eq=equal, b_eq=dictionary.target, bounds=(0, None)
    )
    if result is None:
        return None
    mixture = dictionary.exact(np.maximum(result.x[:count], 0.0), result.lower.marginals[:count])
    if mixture is None:
        return None
    multipliers = np.maximum(-result.ineqlin.marginals, 0.0)
    beta = 1.0 if multipliers.sum() == 0 else float(multipliers[1] / multipliers.sum())
    return round(beta, 12), float(result.x[count]), mixture


def _certify(
    workspace: Workspace, beta: float, best: Best, tolerance: float, deadline: float
) -> tuple[float, Best]:
    """Return a proved bound of F for a dual (infinite if there is none) and the dual.

    Of a large dual little can be proved but in small problems: a smaller one that is nearly as good is tried.
    """
    if not _can_branch(workspace, beta):
        return np.inf, best
    if workspace.dictionary.size(best.dual) < LARGE:
        return _prove(workspace, beta, best, tolerance, deadline)
    delta, target = np.inf, workspace.model.target
    if len(workspace.model.problem.quantum) < 2:
        now = time.monotonic()
        delta, best = _prove(workspace, beta, best, tolerance, now + SHARE_OF_LARGE * (deadline - now))
    if delta > SETTLED:
        now = time.monotonic()
        other = workspace.temper(beta, now + SHARE_OF_LARGE * (deadline - now))
        found, other = _prove(workspace, beta, other, tolerance, deadline)
        if found + (other.dual * target).sum() < delta + (best.dual * target).sum():
            delta, best = found, other
    return delta, best


def _can_branch(workspace: Workspace, beta: float) -> bool:
    weights, faces = workspace.model.problem.weights(beta), workspace.model.faces
    return faces is not None and all(bound.can_branch(face, weights) for face in faces)


def _prove(
    workspace: Workspace, beta: float, best: Best, tolerance: float, deadline: float
) -> tuple[float, Best]:
    """Return a proved bound of F for the dual (infinite if there is none) and the dual.

    Where branch and bound meets a product above the dual, the dual is improved first.
    """
    model = workspace.model
    faces = model.faces or ()
    weights = model.problem.weights(beta)
    proved = [(np.inf, best)]  # of every dual that was tried
    for _ in range(20):
        dual = model.normal_form(best.dual)
        deltas = []
        witness = None
        for index, face in enumerate(faces):
            now = time.monotonic()
            share = now + (deadline - now) / (len(faces) - index)
            restricted = face.restrict(dual)
            result = bound.prove(face, weights, restricted, best.excess, 0.5 * tolerance, share)
            if result.witness is not None:
                if len(faces) == 1:
                    proved.append((result.delta, best))
                points, _ = pricing.ascend(
                    face.spaces, weights, restricted, result.witness, deadline=deadline
                )
                witness = face.embed(points)
                break
            deltas.append(result.delta)
        if witness is None:
            deltas += [circle.bound(dual, weights, 0.5 * tolerance) for circle in model.circles]
            proved.append((max(deltas), best))
            break
        best = workspace.insert(beta, best, witness)
        if best is workspace.duals[beta]:
            now = time.monotonic()
            best = workspace.optimise(beta, min(deadline, now + 0.3 * max(deadline - now, 0.0)))
        if time.monotonic() > deadline:
            break
    return min(proved, key=lambda one: one[0] + float((one[1].dual * model.target).sum()))


__all__ = [
    "FrontierPoint",
    "Product",
    "Workspace",
    "cheapest_mixture",
    "data_processing",
    "rates",
    "solve",
    "solve_rate",
]
