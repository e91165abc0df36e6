"""What a spec may say, what it changes, and what is refused by the name of its field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import XGate

import qcoord_hw as qc
from qcoord_hw.errors import InputError, LocalityError, QcoordError
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.schedule import make_plan, random_plan
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import Experiment, build_experiment
from qcoord_hw.families.games.circuits import game_experiment, strategy_experiment
from qcoord_hw.families.games.strategy_circuits import Strategy
from qcoord_hw.network import (
    CASCADE,
    MULTIPLE_ACCESS,
    QUANTUM_BROADCAST,
    NetworkCircuit,
    Topology,
    one_to_many,
)
from qcoord_hw.spec import ExperimentSpec, links_from_mapping
from qcoord_hw.theory.games import Game, chsh, ghz, magic_square
from qcoord_hw.theory.value import Value

BASE = ExperimentSpec(
    name="base",
    title="base title",
    family="nonlocal-game",
    parameters=(("game", "ghz"), ("players", 3)),
    shots=100,
    blocks=4,
    layout=(0, 1, 2),
)


def gates(spec: ExperimentSpec) -> list[list[tuple[str, tuple[float, ...], tuple[int, ...]]]]:
    return [
        [
            (
                i.operation.name,
                tuple(map(float, i.operation.params)),
                tuple(net.circuit.find_bit(q).index for q in i.qubits),
            )
            for i in net.circuit.data
        ]
        for net in build_experiment(spec).circuits
    ]


def plan(spec: ExperimentSpec) -> tuple[object, ...]:
    if spec.random_questions:
        return random_plan(build_experiment(spec).weights, spec.shots, seed=5, name="x on y")
    return make_plan(len(build_experiment(spec).circuits), spec.shots, spec.blocks, seed=5, name="x on y")


def test_every_field_of_a_spec_has_an_effect():
    """Each field changes the circuits, the plan or the intent, or is refused; and always the identity."""
    changes = {
        "name": "other",
        "title": "other title",
        "family": "other-family",
        "parameters": (("game", "ghz"), ("players", 4)),
        "shots": 101,
        "blocks": 5,
        "layout": (0, 1, 4),
        "random_questions": True,
        "every_edge": True,
        "links": links_from_mapping({"Alice->Bob": {"depolarising": 0.1}}),
    }
    assert set(changes) == {field.name for field in dataclasses.fields(ExperimentSpec)}
    device = resolve_target("fake_manila")  # a line of five qubits
    ideal = resolve_target("aer")
    for name, value in changes.items():
        placed = {"layout": ()} if name == "every_edge" else {}  # all couplings, or one place
        other = dataclasses.replace(BASE, **placed, **{name: value})
        assert other.spec_id != BASE.spec_id, name
        assert other.to_json() != BASE.to_json(), name
        if name == "family":
            with pytest.raises(InputError, match="^family:"):
                build_experiment(other)
        elif name == "parameters":
            assert gates(other) != gates(BASE)
        elif name == "links":
            routes = [program_of(build_experiment(one), one.links).routes for one in (other, BASE)]
            assert routes[0] != routes[1]
        elif name == "every_edge":
            with pytest.raises(InputError, match="^every-edge: target aer has no coupling map"):
                qc.run(other, target="aer")
        elif name in ("shots", "blocks", "random_questions"):
            assert plan(other) != plan(BASE)
        elif name == "layout":
            circuits = [net.circuit for net in build_experiment(other).circuits]
            with pytest.raises(InputError, match="^layout:"):
                device.prepare(Program.of(circuits), other.layout)  # 1 and 4 are not neighbours
            assert device.prepare(Program.of(circuits), BASE.layout).layout == (0, 1, 2)
            assert device.prepare(Program.of(circuits), (1, 2, 3)).layout == (1, 2, 3)
            with pytest.raises(InputError, match="^layout:"):
                ideal.prepare(Program.of(circuits), BASE.layout)
        else:
            kept, before = (describe(build_experiment(s)) for s in (other, BASE))
            assert kept[name] == value
            assert before[name] == getattr(BASE, name)


def test_the_plan_holds_the_shots_that_were_asked_for():
    chunks = make_plan(4, 103, 8, seed=1, name="a")
    assert {c: sum(k.shots for k in chunks if k.setting == c) for c in range(4)} == dict.fromkeys(
        range(4), 103
    )
    assert [k.block for k in chunks] == sorted(k.block for k in chunks)
    for block in range(8):
        assert sorted(k.setting for k in chunks if k.block == block) == [0, 1, 2, 3]
    assert len({k.seed for k in chunks}) == len({k.id for k in chunks}) == len(chunks) == 32
    assert make_plan(4, 103, 8, seed=1, name="a") == chunks != make_plan(4, 103, 8, seed=2, name="a")
    other = make_plan(4, 103, 8, seed=1, name="b")
    assert {k.seed for k in chunks}.isdisjoint(k.seed for k in other)


@pytest.mark.parametrize(("shots", "blocks"), [(100, 5), (96, 8), (7, 7), (103, 1), (1, 1)])
def test_equal_chunks_where_a_job_takes_one_number_of_shots(shots, blocks):
    chunks = make_plan(2, shots, 8, seed=1, name="a", equal=True)
    assert {k.shots for k in chunks} == {shots // blocks}
    assert len(chunks) == 2 * blocks


@pytest.mark.parametrize("rounds", [2, 3])
def test_rounds_change_the_circuits(rounds):
    spec = ExperimentSpec(name="n", title="t", family="nonlocal-game", parameters=(("game", "chsh"),))
    more = dataclasses.replace(spec, parameters=(("game", "chsh"), ("rounds", rounds)))
    assert len(gates(more)[0]) > len(gates(spec)[0])
    assert build_experiment(more).circuits[0].circuit.num_qubits == 2 * rounds


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, "parameters.game"),
        ({"game": "poker"}, "parameters.game"),
        ({"game": 1}, "parameters.game"),
        ({"game": True}, "parameters.game"),
        ({"game": ""}, "parameters.game"),
        ({"game": "chsh", "rounds": 0}, "parameters.rounds"),
        ({"game": "chsh", "rounds": -1}, "parameters.rounds"),
        ({"game": "chsh", "rounds": 65}, "parameters.rounds"),
        ({"game": "chsh", "rounds": 1.0}, "parameters.rounds"),
        ({"game": "chsh", "rounds": True}, "parameters.rounds"),
        ({"game": "chsh", "rounds": "2"}, "parameters.rounds"),
        ({"game": "chsh", "players": 2}, "parameters.players"),
        ({"game": "magic-square", "players": 2}, "parameters.players"),
        ({"game": "chsh", "angle": 0.1}, "parameters.angle"),
        ({"game": "ghz"}, "parameters.players"),
        ({"game": "ghz", "players": 2}, "parameters.players"),
        ({"game": "ghz", "players": 101}, "parameters.players"),
        ({"game": "ghz", "players": 3.0}, "parameters.players"),
        ({"game": "ghz", "players": False}, "parameters.players"),
        ({"game": "ghz", "players": 3, "Rounds": 2}, "parameters.Rounds"),
    ],
    ids=repr,
)
def test_wrong_parameters_are_refused_by_name(parameters, named):
    spec = dataclasses.replace(BASE, parameters=tuple(sorted(parameters.items())))
    with pytest.raises(InputError) as caught:
        build_experiment(spec)
    assert str(caught.value).startswith(f"{named}:")
    assert "allowed" in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a b"),
        ("name", "ü"),
        ("name", 3),
        ("title", ""),
        ("title", "two\nlines"),
        ("family", ""),
        ("shots", 0),
        ("shots", 1.5),
        ("shots", True),
        ("shots", 10**7 + 1),
        ("blocks", 0),
        ("blocks", 1001),
        ("layout", (0, 0)),
        ("layout", (-1,)),
        ("layout", (0.5,)),
    ],
)
def test_wrong_fields_are_refused_by_name(field, value):
    with pytest.raises(InputError, match=rf"^{field}:"):
        dataclasses.replace(BASE, **{field: value})


# Experiments built in Python


def strategy(shares: tuple[tuple[int, ...], ...] = ((0,), (1,)), qubits: int = 2) -> Strategy:
    prepare = QuantumCircuit(qubits)
    prepare.h(0)
    for q in range(1, qubits):
        prepare.cx(0, q)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, tuple[int, ...]]:
        size = len(shares[player])
        circuit = QuantumCircuit(size)
        if question:
            circuit.h(range(size))
        return circuit, tuple(range(size))

    return Strategy(prepare, shares, basis, Value(0.5, "lower", "a test"))


def on_broadcast(game: Game, own: Strategy, **more: object) -> Experiment:
    return strategy_experiment(game, own, name="mine", title="t", topology=QUANTUM_BROADCAST, **more)


def test_a_strategy_of_one_s_own_is_built():
    built = strategy_experiment(chsh(), strategy(), name="mine", title="t", topology=QUANTUM_BROADCAST)
    assert built.usage["Alice->Bob"]["qubits"] == 1
    assert len(built.circuits) == 4


@pytest.mark.parametrize(
    ("game", "own", "topology", "named"),
    [
        (ghz(3), strategy(), QUANTUM_BROADCAST, "players"),
        (chsh(), strategy(((0,), (1,), (2,)), 3), QUANTUM_BROADCAST, "players"),
        (chsh(), strategy(), one_to_many("Bob", "Charlie", "Dave"), "players"),
        (chsh(), strategy(), one_to_many("Bob"), "players"),
        (magic_square(), strategy(), QUANTUM_BROADCAST, "Bob"),
        (chsh(), strategy(((0,), (1, 2)), 3), QUANTUM_BROADCAST, "Charlie"),
    ],
)
def test_mismatched_players_and_alphabets_are_refused(game, own, topology, named):
    with pytest.raises(InputError, match=f"^{named}:"):
        strategy_experiment(game, own, name="mine", title="t", topology=topology)


@pytest.mark.parametrize("topology", [CASCADE, MULTIPLE_ACCESS])
def test_a_network_without_a_distributor_is_refused(topology):
    with pytest.raises(QcoordError):
        strategy_experiment(chsh(), strategy(), name="mine", title="t", topology=topology)


def test_one_qubit_given_to_two_players_is_refused():
    with pytest.raises(QcoordError):
        strategy_experiment(
            chsh(), strategy(((0,), (0,))), name="mine", title="t", topology=QUANTUM_BROADCAST
        )


@pytest.mark.parametrize("rounds", [0, -1, 1.5, True])
def test_rounds_of_one_s_own_are_checked(rounds):
    with pytest.raises(InputError, match="rounds"):
        strategy_experiment(
            chsh(), strategy(), name="mine", title="t", topology=QUANTUM_BROADCAST, rounds=rounds
        )


def test_a_share_that_is_not_read_whole_is_refused():
    """Two qubits are four answers; a basis that reads one of them only could never give answers 2 and 3."""
    whole = strategy(((0, 1), (2, 3)), 4)
    half = dataclasses.replace(whole, basis=lambda p, x: (QuantumCircuit(2), (0,)))
    with pytest.raises(InputError):
        strategy_experiment(magic_square(), half, name="mine", title="t", topology=QUANTUM_BROADCAST)


def test_a_question_of_probability_zero_is_not_asked():
    game = chsh()
    prob = np.array([[Fraction(1, 2), Fraction(0)], [Fraction(1, 4), Fraction(1, 4)]], dtype=object)
    built = strategy_experiment(
        Game("three", prob, game.win.copy()), strategy(), name="m", title="t", topology=QUANTUM_BROADCAST
    )
    assert [asked[0] for asked in built.play.questions] == [(0, 0), (1, 0), (1, 1)]
    assert built.play.bound.value == 1.0


# Protocols of one's own, a circuit per question


def own(
    x: int,
    y: int,
    *,
    first: str = "Bob",
    names: tuple[str, str] = ("bob", "charlie"),
    sizes: tuple[int, int] = (1, 1),
) -> NetworkCircuit:
    """Bob answers x and Charlie answers 0, both with certainty; `first` measures first."""
    net = NetworkCircuit(QUANTUM_BROADCAST)
    qubits = net.allocate("Alice", sum(sizes))
    shares = {"Bob": qubits[: sizes[0]], "Charlie": qubits[sizes[0] :]}
    for player, share in shares.items():
        net.send("Alice", player, share)
    if x:
        net.local("Bob", XGate(), shares["Bob"][:1])
    registers = dict(zip(("Bob", "Charlie"), names, strict=True))
    for player in sorted(shares, key=lambda p: p != first):
        net.measure(player, shares[player], registers[player])
    return net


def always_bob() -> Game:
    """Won if and only if Bob answers his question and Charlie answers 0."""
    x, _, b, c = np.indices((2, 2, 2, 2))
    prob = np.full((2, 2), Fraction(1, 4), dtype=object)
    return Game("tell", prob, ((b == x) & (c == 0)).astype(np.uint8))


def chance_to_win(built: Experiment, distribution: Callable[[QuantumCircuit], np.ndarray]) -> list[float]:
    """Return each circuit's win probability, scored as the record would score it."""
    chances = []
    for net, asked in zip(built.circuits, built.play.questions, strict=True):
        ((bob,), (charlie,)) = built.play.answers[0]
        table = distribution(net.circuit)
        table = table if (bob, charlie) == (0, 1) else table.transpose(bob, charlie)
        chances.append(float((table * built.play.game.win[asked[0]]).sum()))
    return chances


@pytest.mark.parametrize("first", ["Bob", "Charlie"])
def test_a_protocol_of_one_s_own_is_scored_by_register(first, distribution):
    built = game_experiment(always_bob(), lambda x, y: own(x, y, first=first), name="n", title="t")
    assert built.play.players == ("Bob", "Charlie")
    assert [asked for (asked,) in built.play.questions] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert chance_to_win(built, distribution) == pytest.approx([1, 1, 1, 1])
    assert built.usage == {f"Alice->{p}": {"qubits": 1, "log2_dim": 1, "bits": 0} for p in ("Bob", "Charlie")}


def test_who_measures_first_may_not_depend_on_the_question(distribution):
    """Where the bits stand elsewhere in one circuit, it must be refused or scored rightly."""
    try:
        built = game_experiment(
            always_bob(), lambda x, y: own(x, y, first="Charlie" if x else "Bob"), name="n", title="t"
        )
    except InputError:
        return
    assert chance_to_win(built, distribution) == pytest.approx([1, 1, 1, 1])


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y: {"names": ("bob", "other")},
        lambda x, y: {"names": ("Bob", "Charlie")},
        lambda x, y: {"names": ("alice", "bob")},
        lambda x, y: {"sizes": (2, 1)},
        lambda x, y: {"sizes": (1, 2)},
        lambda x, y: {"names": ("bob", "charlie") if x == 0 else ("bob", "other")},
        lambda x, y: {"sizes": (1, 1) if x == 0 else (2, 1)},
    ],
    ids=[
        "no charlie",
        "upper case",
        "other players",
        "bob 2 bits",
        "charlie 2 bits",
        "one circuit",
        "one size",
    ],
)
def test_answers_that_do_not_fit_the_game_are_refused(change):
    with pytest.raises(QcoordError):
        game_experiment(chsh(), lambda x, y: own(x, y, **change(x, y)), name="n", title="t")


def test_a_protocol_whose_usage_depends_on_the_question_is_refused():
    def costly(x: int, y: int) -> NetworkCircuit:
        net = own(x, y)
        extra = net.allocate("Alice", 1)
        if x:
            net.send("Alice", "Bob", extra)
        return net

    with pytest.raises(InputError):
        game_experiment(chsh(), costly, name="n", title="t")


WITH_SOURCE = Topology(
    "with-source", ("Bob", "Charlie"), ebits=(("Bob", "Charlie"),), shared_state=("Bob", "Charlie")
)


@pytest.mark.parametrize(
    "cheat", ["Alice's gate", "Bob's gate", "what Bob measures", "shared state", "nobody"]
)
def test_a_question_of_another_may_not_be_used(cheat):
    """Alice and the source are told nothing, and Bob not of Charlie: yet each cheat always wins CHSH."""

    def told(x: int, y: int) -> NetworkCircuit:
        one = x * y
        if cheat == "shared state":
            net = NetworkCircuit(WITH_SOURCE)
            state = QuantumCircuit(2)
            state.ry(np.pi * one, 0)
            shares = net.share_state(state, {"Bob": 1, "Charlie": 1})
            b, c = shares["Bob"], shares["Charlie"]
        else:
            net = NetworkCircuit(QUANTUM_BROADCAST)
            b, c = net.allocate("Alice", 2), net.allocate("Alice", 1)
            net.local("Alice", XGate(), b[1:])  # Bob gets a 0 and a 1
            if cheat == "Alice's gate" and one:
                net.local("Alice", XGate(), b[:1])
            net.send("Alice", "Bob", b)
            net.send("Alice", "Charlie", c)
            if cheat == "Bob's gate" and one:
                net.local("Bob", XGate(), b[:1])
            b = [b[one]] if cheat == "what Bob measures" else b[:1]
        net.measure("Bob", b, "bob")
        net.measure("Charlie", c, "charlie")
        return net

    if cheat == "nobody":
        assert game_experiment(chsh(), told, name="n", title="t").play.bound.value == 0.75
        return
    with pytest.raises(QcoordError):
        game_experiment(chsh(), told, name="n", title="t")


def test_an_answer_must_be_measured_by_its_player():
    def by_bob(x: int, y: int) -> NetworkCircuit:
        net = NetworkCircuit(QUANTUM_BROADCAST)
        b = net.allocate("Alice", 2)
        net.send("Alice", "Bob", b)
        net.measure("Bob", b[:1], "bob")
        net.measure("Bob", b[1:], "charlie")
        return net

    with pytest.raises(LocalityError, match="'charlie' holds Charlie's answer"):
        game_experiment(chsh(), by_bob, name="n", title="t")


def test_players_may_not_talk():
    """Bob tells Charlie his question in a qubit: the classical bound says nothing about that."""

    def told(x: int, y: int) -> NetworkCircuit:
        net = NetworkCircuit(CASCADE)
        b, c = net.allocate("Bob", 2)
        if x:
            net.local("Bob", XGate(), [c])
        net.send("Bob", "Charlie", [c])
        net.measure("Bob", [b], "bob")
        net.measure("Charlie", [c], "charlie")
        return net

    with pytest.raises(LocalityError, match="Bob sends something"):
        game_experiment(chsh(), told, name="n", title="t")


def test_a_builder_must_return_a_protocol():
    with pytest.raises(InputError, match="returned NoneType"):
        game_experiment(chsh(), lambda x, y: None, name="n", title="t")


def test_what_a_player_measures_may_depend_on_its_own_question(distribution):
    def choosing(x: int, y: int) -> NetworkCircuit:
        net = NetworkCircuit(QUANTUM_BROADCAST)
        b, c = net.allocate("Alice", 2), net.allocate("Alice", 1)
        net.local("Alice", XGate(), b[1:])
        net.send("Alice", "Bob", b)
        net.send("Alice", "Charlie", c)
        net.measure("Bob", [b[x]], "bob")
        net.measure("Charlie", c, "charlie")
        return net

    built = game_experiment(always_bob(), choosing, name="n", title="t")
    assert chance_to_win(built, distribution) == pytest.approx([1, 1, 1, 1])
