"""A number that theory states, with its kind and its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["exact", "lower", "upper", "bracket"]


@dataclass(frozen=True)
class Value:
    """A theoretical value.

    Attributes:
        value: the number.
        kind: `exact`, or a `lower` or `upper` bound, or the middle of a `bracket`.
        source: theorem, equation or citation key in `docs/refs.bib`.
    """

    value: float
    kind: Kind
    source: str

    def to_json(self) -> dict[str, Any]:
        """Return the three fields as a dictionary."""
        return asdict(self)
