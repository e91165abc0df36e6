"""The GHZ game of many players: too many questions to ask all, so that some are drawn once and for all.

One circuit serves them all; each player's basis is set by data that only it has.
"""

from __future__ import annotations

import math

from qiskit.circuit import Parameter, QuantumCircuit

from qcoord_hw.families.experiment import Experiment, Setting
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.families.games.strategy_circuits import ghz_strategy
from qcoord_hw.network import NetworkCircuit, one_to_many
from qcoord_hw.theory.games.parity import drawn_ghz
from qcoord_hw.theory.value import Value

QUESTIONS = 16
"""Questions that are drawn."""

EVERYONE = "everyone"
"""Who gives the one answer that counts: the sum of all players' bits."""


def many_player_ghz(players: int, name: str, title: str) -> Experiment:
    """Return the experiment in which many players play one round of the GHZ game.

    Args:
        players: how many.
        name: name of the experiment.
        title: one line for people.
    """
    asked = drawn_ghz(players, QUESTIONS)
    names = [f"Player{k + 1}" for k in range(players)]
    net = NetworkCircuit(one_to_many(*names), name.replace("-", "_"))
    (sender,) = {link.sender for link in net.topology.links}
    shared = net.allocate(sender, players, "shared")
    net.local(sender, ghz_strategy(players).preparation, shared)
    for player, qubit in zip(names, shared, strict=True):
        net.send(sender, player, [qubit])
    net.barrier()
    for player, qubit in zip(names, shared, strict=True):
        (question,) = net.data(player, f"{player}_x", 1)
        basis, x = QuantumCircuit(1), Parameter("x")
        basis.rz(-math.pi / 2 * x, 0)
        basis.h(0)
        net.local(player, basis.assign_parameters({x: question}), [qubit])
        net.measure(player, [qubit], player.lower())
    order = [int(p.name.removeprefix("Player").split("_")[0]) - 1 for p in net.circuit.parameters]
    bits = {r.name: net.bits(r)[0] for r in net.circuit.cregs}
    play = GameScoring(
        game=asked.game,
        players=(EVERYONE,),
        questions=tuple(((k,),) for k in range(len(asked.questions))),
        answers=((tuple(bits[player.lower()] for player in names),),),
        theory=Value(1.0, "exact", "[Mermin1990]"),
        bound=Value(
            0.5 + 2.0 ** -math.ceil(players / 2), "exact", "classical value of all questions [Mermin1990]"
        ),
        asked=asked.questions,
    )
    settings = tuple(
        Setting("x=" + "".join(map(str, question)), 0, tuple(float(question[p]) for p in order), input=k)
        for k, question in enumerate(asked.questions)
    )
    weights = (1 / len(settings),) * len(settings)
    return Experiment(name, title, (net,), settings, play, weights=weights)
