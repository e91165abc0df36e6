"""Every parameter that is accepted does something: circuits, schedule, scoring or settings change with it.

What a parameter's name is comes from the families' own tables, of which a new one cannot be left out here;
whatever is in no table is refused.
"""

import argparse
import functools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from qcoord_hw import api
from qcoord_hw.cli.experiment import add_experiment, add_parameters, build_all, target_of
from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.program import instructions
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.schedule import plan_of
from qcoord_hw.execution.targets import IdealTarget
from qcoord_hw.families.builders import FAMILIES
from qcoord_hw.families.coordination import two_node
from qcoord_hw.families.coordination.builders import BUILDERS
from qcoord_hw.families.coordination.cascade import protocols as cascade
from qcoord_hw.families.coordination.classical_links import classical_links, no_communication
from qcoord_hw.families.coordination.multiple_access import protocols as multiple_access
from qcoord_hw.families.coordination.quantum_broadcast import protocols as quantum_broadcast
from qcoord_hw.families.games.circuits import PARAMETERS as GAMES
from qcoord_hw.families.linear_computation.parameters import OPTIONS as LINEAR
from qcoord_hw.spec import canonical_json, spec_from_mapping
from qcoord_hw.theory.games import chsh
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.named_expressions import named_expression

CH = canonical_json(named_expression("ch").to_json())
FLAT = json.dumps(
    {
        "dimensions": [1, 1],
        "state": [[1, 0]],
        "measurements": [[[[[[1, 0]]], [[[0, 0]]]]] * 2] * 2,
    }
)
"""A strategy in which both players always answer 0."""

UNEVEN = [["1/2", "1/6"], ["1/6", "1/6"]]
PAIRS = [["A", [[1], [0]]], ["B", [[0], [1]]], ["C", [[1], [1]]]]
WERNER = "werner:visibility=0.25"
SKEW = {"p_u": [0.75, 0.25], "p_x_given_u": [[0.9, 0.1], [0.2, 0.8]]}
BLOCH = [[0, 0, 1], [0, 1, 0]]

# (what it is, all its declared parameters, a base, for each parameter other values of it)
GAME = {"rounds": [2, 3], "rate": [0.5, 0]}
CASES = [
    ("chsh", GAMES["chsh"], {"game": "chsh", "rounds": 2}, GAME | {"game": ["magic-square", "i3322"]}),
    (
        "magic-square",
        GAMES["magic-square"],
        {"game": "magic-square"},
        GAME | {"game": ["chsh", "magic-square-cv"], "rate": [1, 0.5]},
    ),
    (
        "ghz",
        GAMES["ghz"],
        {"game": "ghz", "players": 3},
        GAME | {"game": ["chsh", "nobody"], "players": [4, 7]},
    ),
    *(
        (name, GAMES[name], {"game": name}, GAME | {"game": ["chsh", "g15"]})
        for name in ("magic-square-cv", "hardy-2", "rac-3", "i3322", "ffl", "cglmp-3", "ghz-3")
    ),
    (
        "a game of one's own",
        GAMES[None],
        {"prob": chsh().to_json()["prob"], "win": chsh().to_json()["win"]},
        GAME
        | {
            "prob": [UNEVEN, 3],
            "win": [[[[[1, 0], [0, 0]]] * 2] * 2],
            "score": [[[[["1/2", "0"], ["0", "1"]]] * 2] * 2],
            "strategy": [FLAT, "{}"],
            "expression": [CH, CH.replace("1", "3"), "{}"],
        },
    ),
    (
        "a linear computation over a prime field",
        LINEAR,
        {"field": 2, "servers": PAIRS, "inputs": 5},
        {
            "field": [3, 6],
            "irreducible_poly": [[1, 1, 1]],
            "servers": [[*PAIRS[:2], ["C", [[1], [0]]]], [["A", 3]]],
            "batch": [2, 99],
            "scheme": ["beyond", "none"],
            "auxiliary": [["A"], ["Z"], 3],
            "inputs": [6, "all", [[[0, 0, 1], [0, 0, 0]]]],
            "inputs_seed": [5, -1],
        },
    ),
    (
        "a linear computation over an extension field",
        LINEAR,
        {"field": 9, "servers": PAIRS, "inputs": 3, "inputs_seed": 1},
        {
            "field": [4],
            "irreducible_poly": [[1, 0, 1], [1, 1, 1]],
            "servers": [PAIRS[:2]],
            "batch": [2],
            "scheme": ["beyond"],
            "auxiliary": [["A"]],
            "inputs": [4, "all"],
            "inputs_seed": [5],
        },
    ),
    *(
        (
            name,
            classical_links.OPTIONS[name],
            {"network": name, "n": 2, "codebook": "random", "M0": 2, "M1": 2},
            {
                "network": ["cascade", "moon"],
                "protocol": ["letters"],
                "state": ["dsbs"],
                "n": [1, 7],
                "codebook": ["search", "coset", [[[0, 1]]]],
                "M0": [4, 0],
                "M1": [4, 0],
                "seed": [5, -1],
                "feed_forward": [True, 1],
                "p_u": [[0.5, 0.5]],
                "p_x_given_u": [[[0.5, 0.5]] * 2],
                "theta_B": [BLOCH],
                "theta_C": [BLOCH],
            },
        )
        for name in classical_links.OPTIONS
    ),
    *(
        (
            f"{name} with a mixture",
            classical_links.OPTIONS[name],
            {"network": name, **SKEW, "theta_B": BLOCH[::-1]},
            {
                "network": ["no-communication"],
                "protocol": ["exact"],
                "state": ["dsbs"],
                "n": [2],
                "codebook": ["search", "coset"],
                "M0": [2],
                "M1": [4],
                "seed": [5],
                "feed_forward": [True],
                "p_u": [[0.5, 0.5], [0.5]],
                "p_x_given_u": [[[0.5, 0.5]] * 2, 3],
                "theta_B": [BLOCH, 0],
                "theta_C": [BLOCH],
            },
        )
        for name in classical_links.OPTIONS
    ),
    *(
        (
            f"two-node over a link of qubits, {name}",
            two_node.OPTIONS,
            {"network": "two-node", "state": "epr", "protocol": name},
            {
                "network": ["cascade"],
                "protocol": [other for other in two_node.PROTOCOLS if other != name],
                "state": ["isotropic", "ghz"],
                "n": [2, 99],
                "m": [0, 9],
            },
        )
        for name in two_node.PROTOCOLS
    ),
    (
        "no-communication",
        no_communication.OPTIONS,
        {"network": "no-communication", "state": "noisy-ghz:visibility=0.2", "M": 8},
        {
            "network": ["cascade"],
            "protocol": ["codebook"],
            "state": ["werner", "ghz"],
            "n": [2],
            "M": [16, 0],
            "rounding": ["best", "up"],
            "seed": [5],
            "counts": [[1] * 17, [1]],
            "phases": [8, 7],
            "p_u": [[0.5, 0.5]],
            "theta_A": [BLOCH],
            "theta_B": [BLOCH],
            "theta_C": [BLOCH],
        },
    ),
    (
        "no-communication with a state without phases",
        no_communication.OPTIONS,
        {"network": "no-communication", "state": WERNER, "rounding": "best"},
        {
            "network": ["two-node"],
            "protocol": ["codebook"],
            "state": ["werner:visibility=0.2"],
            "n": [2],
            "M": [6, 5],
            "rounding": [2],
            "seed": [-1],
            "counts": [[1, 1, 1, 2]],
            "phases": [8, 9],
            "p_u": [[0.5, 0.5]],
            "theta_A": [BLOCH],
            "theta_B": [BLOCH],
            "theta_C": [BLOCH],
        },
    ),
    *(
        (
            f"cascade {name}",
            (*cascade.COMMON, *protocol.options),
            {"network": "cascade", "protocol": name}
            | {"state": protocol.state or state}
            | ({"n": 2} if name == "compressed" else {}),
            {
                "network": ["quantum-broadcast"],
                "protocol": [next(other for other in cascade.PROTOCOLS if other != name), "none"],
                "n": [9, 0],
                "state": ["epr", "nobody"],
                "link1": ["ebits", "bits"],
                "link2": ["ebits", "bits"],
                "reference": [True, 1],
                "m1": [2, 9],
                "m2": [2, 9],
            },
        )
        for (name, protocol), state in zip(
            cascade.PROTOCOLS.items(),
            ("ghz", "ghz", "w", "", "", "", "", ""),
            strict=True,
        )
    ),
    *(
        (
            f"quantum-broadcast {name}",
            quantum_broadcast.OPTIONS,
            {"network": "quantum-broadcast", "protocol": name},
            {
                "network": ["multiple-access"],
                "protocol": [other for other in quantum_broadcast.PROTOCOLS if other != name],
                "state": ["ghz", "nobody"],
                "n": [2, 99],
                "m": [1, 9],
            },
        )
        for name in quantum_broadcast.PROTOCOLS
    ),
    *(
        (
            f"multiple-access {name}",
            multiple_access.OPTIONS,
            {"network": "multiple-access", "protocol": name, "n": 3, "m": 2},
            {
                "network": ["cascade"],
                "protocol": [other for other in multiple_access.PROTOCOLS if other != name],
                "state": ["two-pairs:p=0.8,q=0.9", "w"],
                "n": [4, 99],
                "m": [1, 9],
                "senders": ["Alice", "Zoe"],
            },
        )
        for name in multiple_access.PROTOCOLS
    ),
]


def spec_of(parameters, **fields):
    family = "coordination" if "network" in parameters else "linear-computation"
    family = "nonlocal-game" if {"game", "prob"} & set(parameters) else family
    return spec_from_mapping(
        {"name": "any", "title": "any", "family": family, "parameters": parameters, **fields}
    )


def effect(built):
    """Return all that decides what is executed and how it is scored; what is said in words is left out."""
    experiment, spec = built.experiment, built.spec
    play = experiment.play.to_json()
    plan = plan_of(
        replace(spec, parameters=()),
        "any",
        experiment.settings,
        experiment.weights,
        0,
        sampled=experiment.sampled,
        spread=experiment.spread,
        equal=False,
    )
    return (
        [instructions(net.circuit) for net in experiment.circuits],
        [
            setting.to_json() | {"values": np.round(setting.values, 12).tolist()}
            for setting in experiment.settings
        ],
        {key: value for key, value in play.items() if key not in ("notes", "rates", "theory", "scheme")},
        experiment.copies,
        experiment.usage,
        plan,
        spec.layout,
    )


def named_in(error):
    """Return the names of parameters that an error begins with."""
    names = re.match(r"(?:parameters\.)?([\w.-]+(?:, \w+)*)", str(error)).group(1)
    return set(names.replace("-", "_").split(", "))


EACH = [
    pytest.param(
        base,
        name,
        value,
        id=f"{what}: {name}={str(value)[:40]}",
        # Exact codes of three trits are synthesised for ten seconds each.
        marks=[pytest.mark.slow] if (name, value) == ("protocol", "exact") and "example" in what else [],
    )
    for what, _, base, samples in CASES
    for name, values in samples.items()
    for value in values
    if base.get(name) != value
]


@pytest.mark.parametrize(("what", "declared", "base", "samples"), CASES, ids=[case[0] for case in CASES])
def test_every_declared_parameter_is_tried_and_no_other_is_known(what, declared, base, samples):
    assert set(declared) <= set(samples)
    with pytest.raises(InputError, match=r"(^|\.)nonsense: unknown .*; allowed are " + ", ".join(declared)):
        api.build(spec_of(base | {"nonsense": 1}))


@pytest.mark.parametrize(("base", "name", "value"), EACH)
def test_a_parameter_has_an_effect_or_is_refused_by_its_name(base, name, value):
    changed = spec_of(base | {name: value})
    try:
        after = effect(api.build(changed, seed=3))
    except (InputError, TooLargeError) as error:
        typed = {*base, name} - ({"network"} if name != "network" else set())
        refused = {part.split(".")[0] for part in named_in(error)}
        assert refused & typed, error  # noqa: PT017
    else:
        assert after != effect(built(json.dumps(base)))


@functools.cache
def built(base):
    return api.build(spec_of(json.loads(base)), seed=3)


def test_all_families_networks_protocols_and_games_are_tried():
    tried = [spec_of(base) for _, _, base, _ in CASES]
    assert {spec.family for spec in tried} == set(FAMILIES)
    assert {spec.options["network"] for spec in tried if spec.family == "coordination"} == set(BUILDERS)
    assert all(GAMES[name] == GAMES["chsh"] for name in (*EXPLICIT, "magic-square"))
    assert set(GAMES) == {"chsh", "magic-square", "ghz", None, *EXPLICIT}


FLAGS = {
    "shots": ["50"],
    "seed": ["5"],
    "inputs": ["3"],
    "inputs_file": ["inputs.json"],
    "auxiliary": ["A,A"],
    "rounds": ["2"],
    "rate": ["0"],
    "random_questions": [],
    "layout": ["0,1"],
    "noise_scale": ["2"],
    "network": ["two-node"],
    "copies": ["3"],
    "protocol": ["other"],
    "time_limit": ["5"],
}
"""What `run`, `plan` and `submit` take of an experiment, with values other than the default."""


def run_parser():
    parser = argparse.ArgumentParser()
    add_experiment(parser)
    return parser


def test_every_flag_of_an_experiment_is_tried():
    found = set(vars(run_parser().parse_args(["chsh"]))) - {"specs"}
    assert found == set(FLAGS)
    shown = argparse.ArgumentParser()
    add_parameters(shown)
    assert set(vars(shown.parse_args([]))) <= found


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", ["chsh", "hardy-2", "sum-2-f2", "two-node-n1", "mac-n2"])
def test_a_flag_has_an_effect_or_is_refused_by_its_name(tmp_path, monkeypatch, name, flag):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inputs.json").write_text('[{"w1": [1, 1], "w2": [0, 1]}]')

    def plan(*typed):
        options = run_parser().parse_args([name, "--inputs", "2"] if name == "sum-2-f2" else [name])
        if flag == "inputs_file":
            options.inputs = None
        run_parser().parse_args([name, *typed], namespace=options)
        (one,) = build_all(options, target_of(argparse.Namespace(**vars(options), target="aer")))
        spec, experiment = one.spec, one.experiment
        chunks = plan_of(
            spec,
            "any",
            experiment.settings,
            experiment.weights,
            1 if options.seed is None else options.seed,
            sampled=experiment.sampled,
            spread=experiment.spread,
            equal=False,
        )
        IdealTarget().prepare(program_of(experiment), spec.layout)
        return [effect(one)[:-2], chunks]

    try:
        assert plan(f"--{flag.replace('_', '-')}", *FLAGS[flag]) != plan()
    except (InputError, TooLargeError) as error:
        assert flag in named_in(error) or (flag == "inputs_file" and "inputs" in named_in(error)), error  # noqa: PT017
