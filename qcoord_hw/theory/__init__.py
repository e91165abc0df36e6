"""What is true: games, linear computations, regions, finite block lengths. Never imports Qiskit.

`games`, `linear_computation`, `regions` and `finite_blocklength` are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qcoord_hw.theory import finite_blocklength, games, linear_computation, regions

__all__ = ["finite_blocklength", "games", "linear_computation", "regions"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'qcoord_hw.theory' has no attribute {name!r}")
    return importlib.import_module(f"qcoord_hw.theory.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
