"""Any experiment at a distance: how circuits, settings and scoring change with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.network.relays import Relays, with_relays
from qcoord_hw.schema import read
from qcoord_hw.spec import ExperimentSpec


def at_distance(experiment: Experiment, spec: ExperimentSpec) -> Experiment:
    """Return an experiment in which all that is sent or shared crosses relay qubits.

    Args:
        experiment: as its family built it.
        spec: of the experiment, which states a distance.

    Raises:
        InputError: when nothing is sent or shared, or the parameters of the distance are wrong.
    """
    own = [one.name for one in DISTANCE]
    values = read(DISTANCE, {k: v for k, v in spec.options.items() if k in own}, "of a distance")
    relays = Relays(values["distance"], values["transport"])
    circuits = tuple(with_relays(net, relays) for net in experiment.circuits)
    before, now = experiment.circuits[0].circuit, circuits[0].circuit
    names = {register.name: register for register in now.cregs}
    where = [now.find_bit(bit).index for register in before.cregs for bit in names[register.name]]
    settings = tuple(
        replace(one, flips=None if one.flips is None else _moved(one.flips, where))
        for one in experiment.settings
    )
    play = experiment.play
    if where != list(range(len(where))):
        play = play.read_at(where)
    return replace(experiment, circuits=circuits, settings=settings, play=play)


def _moved(bits: Sequence[int], where: Sequence[int]) -> tuple[int, ...]:
    return tuple(where[bit] for bit in bits)
