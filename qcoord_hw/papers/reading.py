"""Where in an answer's JSON a quantity stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Data = Mapping[str, Any]


def side(data: Data, criterion: str, rates: str) -> tuple[float, float]:
    """Return the bracket of the least value of a sum of rates, such as `Q1+E1`, in one criterion."""
    wanted = {name: 1 for name in rates.split("+")}
    for one in data["criteria"][criterion]["constraints"]:
        if one["rates"] == wanted:
            return one["lower"], one["upper"]
    return 0.0, 0.0  # a rate that nothing bounds is only not negative


def sides(data: Data, criterion: str, *rates: str) -> list[tuple[float, float]]:
    """Return the brackets of several sums of rates."""
    return [side(data, criterion, one) for one in rates]


def quantity(data: Data, name: str) -> tuple[float, float]:
    """Return the bracket of a named rate of a network with classical links."""
    found = data["quantities"][name]
    return float(found["lower"]), float(found["upper"])


def infeasible(data: Data) -> float:
    """Return 1 where the answer says that no rates suffice, else 0."""
    return float(data["status"] == "infeasible")


def counted(data: Data, resource: str, unit: str) -> float:
    """Return what a circuit uses of a resource, per copy."""
    return float(data["usage"].get(resource, {}).get(unit, 0)) / float(data["copies"])
