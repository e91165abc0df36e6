"""What a protocol family returns: circuits on a network, and how their counts are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from qcoord_hw import registry
from qcoord_hw.codec import from_plain, to_plain
from qcoord_hw.errors import InputError
from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.spec import ExperimentSpec

if TYPE_CHECKING:
    from qcoord_hw.network.unfed import Processing

DIRECT = "direct"
FRAME = "derived:frame"
TWIRLED_FRAME = "twirled:frame"


class Scoring(Protocol):
    """How counts are scored: plain values that a record can keep."""

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values, with its `kind`."""

    def read_at(self, where: Sequence[int]) -> Scoring:
        """Return the same scoring where each bit stands elsewhere: bit k at `where[k]`.

        It is asked of experiments at a distance alone, whose link measures as well.
        """


def parities_of(scoring: object) -> tuple[tuple[int, ...], ...] | None:
    """Return the sums modulo 2 of classical bits that alone decide how an outcome is scored; None if unknown.

    A scoring says so by a method `parities`, if it has one.
    """
    stated = getattr(scoring, "parities", None)
    found: tuple[tuple[int, ...], ...] | None = stated() if callable(stated) else None
    return found


@dataclass(frozen=True)
class Setting:
    """One thing that is executed and counted: a circuit at given values of its parameters.

    Attributes:
        label: what is asked, such as `x=0,y=1`, or which data are given.
        circuit: index of the circuit.
        values: of the circuit's parameters, in the order of `QuantumCircuit.parameters`.
        flips: the classical bits that these values flip against all values zero, when that is all they
            do to an ideal circuit (a Pauli frame); None when it is not.
        method: `direct`; `twirled:frame` where counts are drawn from the outcome probabilities at all values
            zero, errors twirled as soon as data stand in the circuit, shifted by `flips` before the readout
            error, which is exact; or
            `derived:frame` where errors are not twirled, so that relaxation, which is good for outcomes 0,
            is shifted as well.
        input: index of the input that is given; of several settings with one input the first counts,
            the others check it.
    """

    label: str
    circuit: int = 0
    values: tuple[float, ...] = ()
    flips: tuple[int, ...] | None = None
    method: str = DIRECT
    input: int = 0

    @property
    def is_framed(self) -> bool:
        """Whether what all values zero give stands for this setting, shifted by its flips."""
        return self.method in (FRAME, TWIRLED_FRAME)

    def to_json(self) -> dict[str, Any]:
        """Return the setting as plain JSON values."""
        return to_plain(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Setting:
        """Build the setting from what `to_json` returned."""
        return from_plain(cls, data)


@dataclass(frozen=True, eq=False)
class Experiment:
    """The circuits of one experiment.

    Attributes:
        name: what it is called in results; letters, digits and dashes.
        title: one line for people.
        circuits: the protocols; all have the same qubits and the same usage.
        settings: what is executed, for example one circuit per question, or one circuit with many data.
        play: how counts are scored.
        copies: the block length n: how many copies of the task one circuit makes.
        weights: how often each setting is to be drawn where they are drawn at random; empty if never.
        sampled: whether they always are, since the protocol itself draws what a setting stands for.
        spread: whether the settings are spread over the blocks of a run, all shots of each in one of them;
            else every block has them all.
        weighed: whether a fixed schedule gives settings their shots in proportion to the weights; else all
            the same.
        processing: for each setting what becomes of outcomes where a link leaves them uncorrected; empty
            where nothing does.
    """

    name: str
    title: str
    circuits: tuple[NetworkCircuit, ...]
    settings: tuple[Setting, ...]
    play: Scoring
    copies: int = 1
    weights: tuple[float, ...] = ()
    sampled: bool = False
    spread: bool = False
    weighed: bool = False
    processing: tuple[Processing, ...] = ()

    def __post_init__(self) -> None:
        """Check that the circuits belong together.

        Raises:
            InputError: when there is none, they differ in qubits, classical registers or usage, or a setting
                does not fit its circuit.
        """
        if not self.circuits or {s.circuit for s in self.settings} != set(range(len(self.circuits))):
            raise InputError("circuits: allowed is at least one circuit, each with a setting")
        sizes = [net.circuit.num_parameters for net in self.circuits]
        if unfit := [s for s in self.settings if len(s.values) != sizes[s.circuit]]:
            raise InputError(
                f"setting {unfit[0].label}: {len(unfit[0].values)} values; its circuit has "
                f"{sizes[unfit[0].circuit]} parameters"
            )
        first = self.circuits[0]
        for k, net in enumerate(self.circuits):
            label = self.label(k)
            if net.wires != first.wires or net.topology != first.topology:
                raise InputError(f"circuit {label}: other qubits or network than circuit {self.label(0)}")
            if net.usage != first.usage:
                raise InputError(f"circuit {label}: usage {net.usage} differs from {first.usage}")
            registers = [(register.name, register.size) for register in net.circuit.cregs]
            if registers != [(register.name, register.size) for register in first.circuit.cregs]:
                raise InputError(f"circuit {label}: other classical registers than circuit {self.label(0)}")

    def label(self, circuit: int) -> str:
        """Return what a circuit is called: the label of its first setting."""
        return next(s.label for s in self.settings if s.circuit == circuit)

    @property
    def usage(self) -> dict[str, dict[str, float]]:
        """What one circuit uses of each link and resource."""
        return self.circuits[0].usage


def one_setting_each(labels: Sequence[str]) -> tuple[Setting, ...]:
    """Return the settings of circuits without parameters."""
    return tuple(Setting(label, k, input=k) for k, label in enumerate(labels))


def build_experiment(spec: ExperimentSpec) -> Experiment:
    """Build the circuits of a spec, whatever its family, at its distance if it states one.

    Raises:
        InputError: when the family is unknown or incomplete, or one of its parameters is out of range.
    """
    family = registry.family(spec.family)
    made: object = family.build(spec)
    if not isinstance(made, Experiment):
        kind = type(made).__name__
        raise InputError(f"family {family.name}: build: returned {kind}; allowed is an Experiment")
    if spec.options.get("distance") and any(one is DISTANCE[0] for one in family.parameters):
        from qcoord_hw.families.relayed import at_distance

        return at_distance(made, spec)
    return made
