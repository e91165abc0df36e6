"""Batching: r instances over a prime field F_p as one instance over F_{p^r}.

The entries of V lie in the subfield F_p, so multiplication by V acts on each base-p digit of a symbol alone:
the digits of y over F_{p^r} are the y of the r instances. The larger field may need fewer auxiliary qudits.
A qudit of dimension p^r counts as r qudits of dimension p, so rates in dits a qudit compare as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_integer
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of
from qcoord_hw.theory.linear_computation.precoding import Precoding, minimise_auxiliary
from qcoord_hw.theory.linear_computation.rates import region
from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_BATCHED = 64
"""The largest field for batches: no gain was seen beyond F_8 (F_16, F_9), and every degree costs a search."""


@dataclass(frozen=True, eq=False)
class BatchedRate:
    """What batching gives.

    Attributes:
        task: the task over F_{p^r}: r instances in one symbol; r = 1 is the task itself.
        found: precoding and proof for two instances over that field.
        rate: computations per qudit.
    """

    task: LinearTask
    found: Precoding
    rate: Fraction

    @property
    def degree(self) -> int:
        """Instances in one symbol."""
        return self.task.field.degree

    @property
    def c(self) -> int:
        """Auxiliary qudits found."""
        return self.found.c

    @property
    def c_lower(self) -> int:
        """A proved lower bound on them."""
        return self.found.c_lower


def batch(task: LinearTask, degree: int) -> LinearTask:
    """Return the same matrices read over F_{p^degree}.

    Args:
        task: over a prime field F_p.
        degree: r >= 1, with p^r at most 64.

    Raises:
        InputError: when the field is not prime or p^r is too large.
    """
    p = task.field.order
    if task.field.degree > 1:
        raise InputError(f"field: {p}; allowed for batching are prime fields")
    check_integer("degree", degree, 1, degrees(p)[-1])
    return LinearTask(task.name, field_of(p**degree), task.servers, task.matrices)


def degrees(p: int) -> range:
    """Return the degrees r = 1, 2, .. with p^r within the fields that are tried."""
    r = 1
    while p ** (r + 1) <= MAX_BATCHED:
        r += 1
    return range(1, r + 1)


def batched_rates(
    task: LinearTask, *, time_limit: float = 60.0, seed: int = 0, max_degree: int = 4
) -> list[BatchedRate]:
    """Return the rate of [Hu2025, Theorem 1] for each batching, the best first (the smaller degree if equal).

    Args:
        task: reduced, over a prime field.
        time_limit: seconds for all degrees together.
        seed: of the search for precoders.
        max_degree: the largest degree tried.

    Raises:
        InputError: when the field is not prime.
    """
    tried = [r for r in degrees(task.field.order) if r <= max_degree]
    rates = []
    for r in tried:
        larger = batch(task, r)
        found = minimise_auxiliary(larger, time_limit=time_limit / len(tried), seed=seed)
        rates.append(BatchedRate(larger, found, region(larger, found.c).rate))
    return sorted(rates, key=lambda x: (-x.rate, x.degree))


def pack(field: Field, instances: Array) -> Array:
    """Return the symbols of F_{p^r} that hold r instances.

    Args:
        field: F_{p^r}.
        instances: symbols of F_p, shape (r, ..): instance i is the coefficient of x^i.

    Returns:
        Shape (..).

    Raises:
        ValueError: when there are not r instances.
    """
    if len(instances) != field.degree:
        raise ValueError(f"{len(instances)} instances for a field of degree {field.degree}")
    return field.undigits(instances.transpose(*range(1, instances.ndim), 0))


def unpack(field: Field, symbols: Array) -> Array:
    """Return the r instances that the symbols hold, shape (r, ..); the inverse of `pack`."""
    digits = field.digits(symbols)
    return digits.transpose(digits.ndim - 1, *range(digits.ndim - 1))
