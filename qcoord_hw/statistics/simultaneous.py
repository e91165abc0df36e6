"""Many figures at once: what holds for all of them together, whatever they have to do with each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Pair = tuple[int, int]


def bonferroni(confidence: float, many: int) -> float:
    """Return the level of each of `many` intervals that hold together at a confidence level.

    No assumption is made of how the figures depend on each other.

    >>> round(bonferroni(0.95, 150), 6)
    0.999667
    """
    return 1 - (1 - confidence) / many


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down rule [Holm1979].

    Those below alpha are a set in which any hypothesis is true with probability at most alpha, however the
    tests depend on each other; so is every subset of it, also one that was chosen after looking.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    adjusted, largest = [1.0] * len(p_values), 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[k]))
        adjusted[k] = largest
    return adjusted


def largest_connected(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return the connected set with the most pairs; of equally many that with the smallest qubit.

    >>> largest_connected([(0, 1), (4, 5), (5, 6)])
    ((4, 5), (5, 6))
    """
    parts: list[tuple[set[int], list[Pair]]] = []
    for pair in sorted(pairs):
        touched = [part for part in parts if not part[0].isdisjoint(pair)]
        parts = [part for part in parts if part[0].isdisjoint(pair)]
        qubits = set(pair).union(*(part[0] for part in touched))
        parts.append((qubits, [*(one for part in touched for one in part[1]), pair]))
    if not parts:
        return ()
    return tuple(sorted(min(parts, key=lambda part: (-len(part[1]), min(part[0])))[1]))
