"""Linear algebra over F_2 on rows that are integers: bit i is column i."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


class System:
    """Linear equations over F_2, added one by one and kept in echelon form."""

    def __init__(self) -> None:
        """Start without an equation."""
        self._rows: dict[int, tuple[int, int]] = {}  # leading column -> (mask, right-hand side)

    def copy(self) -> System:
        """Return the same equations, to add others to."""
        twin = System()
        twin._rows = dict(self._rows)  # noqa: SLF001
        return twin

    def add(self, mask: int, value: int) -> bool:
        """Add: the sum of the unknowns in `mask` is `value`. Return whether a solution is left."""
        while mask:
            lead = mask.bit_length() - 1
            if lead not in self._rows:
                self._rows[lead] = mask, value
                return True
            row, right = self._rows[lead]
            mask, value = mask ^ row, value ^ right
        return value == 0

    def solution(self, free: int = 0) -> int:
        """Return the solution whose free unknowns are those of a mask, as a mask."""
        found = free
        for lead in sorted(self._rows):
            mask, value = self._rows[lead]
            below = found & mask & ~(1 << lead)
            found = found & ~(1 << lead) | (value ^ below.bit_count() & 1) << lead
        return found

    def free(self, size: int) -> list[int]:
        """Return the unknowns, of this many, that may be chosen."""
        return [column for column in range(size) if column not in self._rows]


def dependencies(rows: Iterable[int]) -> Iterator[int]:
    """Yield a basis of the sums of rows that vanish, each as a mask of the rows in it."""
    kept: dict[int, tuple[int, int]] = {}
    for k, row in enumerate(rows):
        members = 1 << k
        while row:
            lead = row.bit_length() - 1
            if lead not in kept:
                kept[lead] = row, members
                break
            row, members = row ^ kept[lead][0], members ^ kept[lead][1]
        if not row:
            yield members


def independent(rows: Iterable[int]) -> list[int]:
    """Return which rows are independent of those before them."""
    kept: dict[int, int] = {}
    found = []
    for k, row in enumerate(rows):
        while row:
            lead = row.bit_length() - 1
            if lead not in kept:
                kept[lead] = row
                found.append(k)
                break
            row ^= kept[lead]
    return found


def leading(rows: Iterable[int]) -> set[int]:
    """Return the leading columns of the rows' echelon form."""
    kept: dict[int, int] = {}
    for row in rows:
        while row and (lead := row.bit_length() - 1) in kept:
            row ^= kept[lead]
        if row:
            kept[row.bit_length() - 1] = row
    return set(kept)


def combination(rows: Sequence[int], target: int) -> int | None:
    """Return a set of rows, as a mask, with this sum; None if there is none."""
    for members in dependencies([*rows, target]):
        if members >> len(rows) & 1:
            return members & ~(1 << len(rows))
    return None


def members(mask: int) -> Iterator[int]:
    """Yield the columns in a mask, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def reduced(rows: Iterable[int], columns: int) -> list[int]:
    """Return rows whose first columns (bits 0 to columns - 1) are the identity, as many as there can be."""
    left, done = list(rows), list[int]()
    for column in range(columns):
        pivot = next((row for row in left if row >> column & 1), None)
        if pivot is None:
            return done
        left.remove(pivot)
        left = [row ^ pivot if row >> column & 1 else row for row in left]
        done = [row ^ pivot if row >> column & 1 else row for row in done] + [pivot]
    return done
