"""How the jobs of a run are made: the options that only a device has, and which of them one takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_integer, short_repr

DECOUPLING = ("XX", "XpXm", "XY4")
TWIRLING = ("gates", "measure", "all")
MODES = ("job", "batch")
MAX_JOBS = 1000
MAX_TILES = 1000


@dataclass(frozen=True)
class JobOptions:
    """Options of a submission.

    Attributes:
        dynamical_decoupling: sequence of pulses on idle qubits: XX, XpXm or XY4; None for none.
        twirling: random Pauli gates around `gates` (two-qubit gates), `measure` or `all`; None for none.
        mode: `job`, or `batch` to queue the jobs together.
        jobs: into how many jobs the run is split at least; each has an overhead of its own.
        tiles: how many copies of the circuits run side by side, each on qubits of its own.
    """

    dynamical_decoupling: str | None = None
    twirling: str | None = None
    mode: str = "job"
    jobs: int = 1
    tiles: int = 1

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            InputError: naming the field and what is allowed.
        """
        for name, allowed in (("dynamical_decoupling", DECOUPLING), ("twirling", TWIRLING)):
            if getattr(self, name) not in (None, *allowed):
                raise InputError(
                    f"{name}: {short_repr(getattr(self, name))}; allowed are {', '.join(allowed)}"
                )
        if self.mode not in MODES:
            raise InputError(f"mode: {short_repr(self.mode)}; allowed are {', '.join(MODES)}")
        check_integer("jobs", self.jobs, 1, MAX_JOBS)
        check_integer("tiles", self.tiles, 1, MAX_TILES)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> JobOptions:
        """Return the options of a mapping.

        Raises:
            InputError: when it holds another option, such as one of a simulator.
        """
        known = tuple(cls.__dataclass_fields__)
        for name in options:
            if name not in known:
                raise InputError(f"{name}: no option of jobs; allowed are {', '.join(known)}")
        return cls(**options)

    def to_json(self) -> dict[str, Any]:
        """Return the options as plain JSON values."""
        return asdict(self)

    def check_taken(self, device: str, takes: Sequence[str]) -> None:
        """Check that a device heeds every option that is stated.

        Args:
            device: its name.
            takes: the fields that it heeds beside `jobs`.

        Raises:
            InputError: naming the first that it would pass over.
        """
        for name, field in self.__dataclass_fields__.items():
            if name not in ("jobs", *takes) and getattr(self, name) != field.default:
                allowed = ", ".join(["jobs", *takes])
                raise InputError(f"{name}: not on target {device}; allowed are {allowed}")
