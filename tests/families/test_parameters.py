"""Every parameter that is accepted does something: circuits, schedule, scoring or settings change with it.

The parameters are those that the families declare, of which none can be left out here; whatever is not
declared is refused.
"""

import argparse
import functools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from qcoord_hw import api
from qcoord_hw.cli.common import Parser
from qcoord_hw.cli.experiment import add_experiment, add_parameters, build_all, target_of
from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.program import instructions
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.schedule import plan_of
from qcoord_hw.execution.targets import IdealTarget
from qcoord_hw.families.coordination.parameters import LISTS, SOLVER
from qcoord_hw.families.games.parameters import game_names
from qcoord_hw.registry import every, family
from qcoord_hw.schema import names_of, usable
from qcoord_hw.spec import canonical_json, spec_from_mapping
from qcoord_hw.theory.games import chsh
from qcoord_hw.theory.games.named_expressions import named_expression

pytestmark = pytest.mark.usefixtures("work_clock")

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

BITS = ("two-node", "classical-broadcast")
KEPT = ("compressed", "prepared")
ENCODER = [[[0.9, 0.1]], [[0.2, 0.8]]]
DECODER = [[[[0.75, [[0, 0, 1]]], [0.25, [[0, 1, 0]]]], [[1, [[1, 0, 0]]]]]]
"""A code for n = 1: one value of common randomness, two messages; Bob has a private coin."""


def protocols_of(network):
    return next(one for one in LISTS[network] if one.name == "protocol").choices


# (what it is, a base, for each parameter that is declared for it other values)
FAR = {"distance": [3], "transport": ["swapping"]}
NEVER = {"distance": [-1], "transport": ["train"]}
GAME = {"rounds": [2, 3], "rate": [0.5, 0], "prob": [UNEVEN]} | NEVER
CASES = [
    ("chsh", {"game": "chsh", "rounds": 2}, GAME | {"game": ["magic-square", "i3322"]}),
    ("chsh at a distance", {"game": "chsh", "distance": 1}, GAME | FAR | {"game": ["ghz"]}),
    (
        "a linear computation at a distance",
        {"field": 2, "servers": PAIRS[:2], "inputs": 5, "distance": 1},
        {
            "field": [6],
            "irreducible_poly": [[1, 1, 1]],
            "servers": [[["A", 3]]],
            "batch": [99],
            "scheme": ["none"],
            "auxiliary": [3],
            "inputs": [6],
            "inputs_seed": [-1],
            "graph": [9],
        }
        | FAR,
    ),
    (
        "magic-square",
        {"game": "magic-square"},
        GAME | {"game": ["chsh", "magic-square-cv"], "rate": [1, 0.5]},
    ),
    (
        "ghz",
        {"game": "ghz", "players": 3},
        GAME | {"game": ["chsh", "nobody"], "players": [4, 7]},
    ),
    *(
        (name, {"game": name}, GAME | {"game": ["chsh", "g15"]})
        for name in ("magic-square-cv", "hardy-2", "rac-3", "i3322", "ffl", "cglmp-3", "ghz-3")
    ),
    (
        "a game of one's own",
        {"prob": chsh().to_json()["prob"], "win": chsh().to_json()["win"]},
        GAME
        | {
            "prob": [UNEVEN, 3],
            "win": [[[[[1, 0], [0, 0]]] * 2] * 2],
            "score": [[[[["1/2", "0"], ["0", "1"]]] * 2] * 2],
            "strategy": [FLAT, "{}"],
            "dimension": [1, 99],
            "time_limit": [0, 5000],
            "expression": [CH, CH.replace("1", "3"), "{}"],
        },
    ),
    (
        "a game of one's own, scored",
        {"prob": UNEVEN, "score": [[[["1/2", "0"], ["0", "1"]]] * 2] * 2, "strategy": FLAT},
        GAME
        | {
            "prob": [chsh().to_json()["prob"]],
            "win": [chsh().to_json()["win"]],
            "score": [[[[["1", "0"], ["0", "1"]]] * 2] * 2, 3],
            "strategy": ["{}"],
            "expression": [CH],
        },
    ),
    (
        "a linear computation over a prime field",
        {"field": 2, "servers": PAIRS, "inputs": 5},
        {
            "field": [3, 6],
            "irreducible_poly": [[1, 1, 1]],
            "servers": [[*PAIRS[:2], ["C", [[1], [0]]]], [["A", 3]]],
            "batch": [2, 99],
            "scheme": ["beyond", "n-sum-box", "none"],
            "graph": [1, 9],
            "exponents": [[["A", ["x0"]]]],
            "auxiliary": [["A"], ["Z"], 3],
            "inputs": [6, "all", [[[0, 0, 1], [0, 0, 0]]]],
            "inputs_seed": [5, -1],
        }
        | NEVER,
    ),
    (
        "a linear computation over an extension field",
        {"field": 9, "servers": PAIRS, "inputs": 3, "inputs_seed": 1},
        {
            "field": [4],
            "irreducible_poly": [[1, 0, 1], [1, 1, 1]],
            "servers": [PAIRS[:2]],
            "batch": [2],
            "scheme": ["beyond"],
            "graph": [1],
            "auxiliary": [["A"]],
            "inputs": [4, "all"],
            "inputs_seed": [5],
        }
        | NEVER,
    ),
    (
        "a stabilizer state that is given",
        {
            "field": 2,
            "servers": [["A", [[0, 1], [1, 0]]], ["B", [[0, 1], [1, 0]]]],
            "scheme": "n-sum-box",
            "exponents": [["A", ["x0", "z0"]], ["B", ["x0", "z0"]]],
            "inputs": 5,
        },
        {
            "field": [3],
            "irreducible_poly": [[1, 1, 1]],
            "servers": [
                [["A", [[1, 0], [0, 1]]], ["B", [[0, 1], [1, 0]]]],
                [["A", [[0, 1], [1, 1]]], ["B", [[0, 1], [1, 0]]]],
            ],
            "scheme": ["theorem-1", "beyond"],
            "exponents": [
                [["A", ["z0", "x0"]], ["B", ["z0", "x0"]]],
                [["A", ["x0", "z1"]], ["B", ["x0", "z0"]]],
                [["A", ["y0"]], ["B", 3]],
            ],
            "batch": [2, 99],
            "graph": [1],
            "auxiliary": [["A"], 3],
            "inputs": [6, "all", [[[0, 0, 1, 0]]]],
            "inputs_seed": [5, -1],
        }
        | NEVER,
    ),
    *(
        (
            name,
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
                "encoder": [ENCODER],
                "decoder_B": [DECODER],
                "decoder_C": [DECODER],
            },
        )
        for name in BITS
    ),
    *(
        (
            f"{name}, written out",
            {"network": name, "protocol": "explicit", "encoder": ENCODER, "decoder_B": DECODER}
            | ({"decoder_C": DECODER} if name == "classical-broadcast" else {}),
            {
                "network": ["cascade"],
                "protocol": ["codebook"],
                "state": ["dsbs"],
                "n": [2],
                "codebook": ["coset"],
                "M0": [2],
                "M1": [2],
                "seed": [5],
                "feed_forward": [True],
                "p_u": [[0.5, 0.5]],
                "p_x_given_u": [[[0.5, 0.5]] * 2],
                "theta_B": [BLOCH],
                "theta_C": [BLOCH],
                "encoder": [[[[0, 1]], [[1, 0]]], [[[0.5, 0.4]], [[1, 0]]], [[[1, 0]]], 1],
                "decoder_B": [[DECODER[0][::-1]], DECODER[0], [[[[1, [[0, 0, 0]]]]] * 2]],
                "decoder_C": [[DECODER[0][::-1]], [DECODER[0], DECODER[0]]],
            },
        )
        for name in BITS
    ),
    *(
        (
            f"{name} with a mixture",
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
                "encoder": [ENCODER],
                "decoder_B": [DECODER],
                "decoder_C": [DECODER],
            },
        )
        for name in BITS
    ),
    *(
        (
            f"two-node over a link of qubits, {name} {n}",
            {"network": "two-node", "state": "epr", "protocol": name, "n": n},
            {
                "network": ["cascade"],
                "protocol": [other for other in ("exact", "compressed") if other != name],
                "state": ["isotropic", "ghz"],
                "n": [1, 2, 99],
                "m": [0, 9],
            }
            | FAR,
        )
        for name, n in (("exact", 1), ("compressed", 1), ("compressed", 2))
    ),
    (
        "no-communication",
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
    (
        "no-communication with a mixture",
        {"network": "no-communication", "p_u": [0.5, 0.5], "theta_A": BLOCH, "theta_B": BLOCH},
        {
            "network": ["two-node"],
            "protocol": ["codebook"],
            "state": ["werner"],
            "n": [2],
            "p_u": [[0.25, 0.75], [0.5]],
            "theta_A": [BLOCH[::-1], BLOCH[:1]],
            "theta_B": [BLOCH[::-1], 1],
            "theta_C": [BLOCH],
            "phases": [9],
            "counts": [[1, 3]],
            "M": [4],
            "rounding": ["up"],
            "seed": [5],
        },
    ),
    *(
        (
            f"cascade {name}",
            {"network": "cascade", "protocol": name}
            | {"state": state}
            | ({"n": 2} if name == "compressed" else {}),
            {
                "network": ["quantum-broadcast"],
                "protocol": [next(other for other in protocols_of("cascade") if other != name), "none"],
                "n": [9, 0],
                "state": ["epr", "nobody"],
                "link1": ["ebits", "bits"],
                "link2": ["ebits", "bits"],
                "reference": [True, 1],
                "m1": [2, 9],
                "m2": [2, 9],
            }
            | NEVER,
        )
        for name, state in zip(
            protocols_of("cascade"),
            ("ghz", "ghz", "w", "ghz", "example-1", "example-1", "example-1", "example-2"),
            strict=True,
        )
    ),
    *(
        (
            f"quantum-broadcast {name}",
            {"network": "quantum-broadcast", "protocol": name}
            | ({"state": "broadcast-compressed:p=0.9", "n": 3, "m": 2} if name in KEPT else {}),
            {
                "network": ["cascade"],
                "protocol": [other for other in protocols_of("quantum-broadcast") if other != name],
                "state": ["ghz", "nobody"],
                "n": [2, 99],
                "m": [1, 9],
            }
            | NEVER,
        )
        for name in protocols_of("quantum-broadcast")
    ),
    *(
        (
            f"multiple-access {name}",
            {"network": "multiple-access", "protocol": name, "n": 3, "m": 2},
            {
                "network": ["cascade"],
                "protocol": [other for other in protocols_of("multiple-access") if other != name],
                "state": ["two-pairs:p=0.8,q=0.9", "w"],
                "n": [4, 99],
                "m": [1, 9],
                "senders": ["Alice", "Zoe"],
            }
            | NEVER,
        )
        for name in protocols_of("multiple-access")
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
        weighed=experiment.weighed,
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


def mark_of(what, name, value):
    """Return the marker where a circuit takes seconds, and another of its kind is made at once."""
    if (name, value) == ("protocol", "exact") and "example" in what:
        return [pytest.mark.exhaustive]  # exact codes of three trits are synthesised for ten seconds each
    searched = what.startswith("classical-broadcast") and value in ("search", "coset")
    compressed = what == "cascade compressed" and name in ("m1", "m2")
    return [pytest.mark.slow] * (searched or compressed or "example-1-n2" in what)


EACH = [
    pytest.param(base, name, value, id=f"{what}: {name}={str(value)[:40]}", marks=mark_of(what, name, value))
    for what, base, samples in CASES
    for name, values in samples.items()
    for value in values
    if base.get(name) != value
]


def declared_for(base):
    """Return the list that a base is of, without what only the search for a state's mixture reads."""
    spec = spec_of(base)
    return [one for one in family(spec.family).parameters_of(spec) if one not in SOLVER]


@pytest.mark.parametrize(("what", "base", "samples"), CASES, ids=[case[0] for case in CASES])
def test_every_declared_parameter_is_tried_and_no_other_is_known(what, base, samples):
    here = names_of(usable(declared_for(base), base))
    assert set(here) <= set(samples)
    with pytest.raises(InputError, match=r"parameters\.nonsense: unknown .*; allowed are " + ", ".join(here)):
        api.build(spec_of(base | {"nonsense": 1}))
    for name in here:
        if len(name) > 2:
            typo = name[:-1] + name[-1] * 2
            with pytest.raises(
                InputError, match=rf"^parameters\.{typo}: unknown .* \(did you mean {name}\?\);"
            ):
                api.build(spec_of(base | {typo: 1}))


def test_every_form_of_every_parameter_is_tried():
    tried = [
        (form, name)
        for _, base, samples in CASES
        for form in usable(declared_for(base), base)
        for name in samples
        if form.name == name
    ]
    for one in every():
        for title, declared in one.parameter_lists().items():
            for parameter in declared:
                walked = parameter in SOLVER or (parameter, parameter.name) in tried
                assert walked, (one.name, title, parameter)


@pytest.mark.parametrize(("network", "state"), [("two-node", "dsbs"), ("no-communication", "werner")])
def test_what_the_search_for_a_mixture_reads_is_refused_by_its_name(network, state):
    for one in SOLVER:
        if one in LISTS[network]:
            for wrong in ("x", -1, 1e9, True):
                with pytest.raises(InputError, match=rf"^parameters\.{one.name}: {wrong!r}; allowed are "):
                    api.build(state, parameters={"network": network, one.name: wrong})


def once():
    """Return the first case of each parameter of each family and network that is built at once."""
    found = {}
    for one in EACH:
        base, name, _ = one.values
        if not one.marks:
            found.setdefault((spec_of(base).family, base.get("network"), name), one.id)
    return [*found.values()]


@pytest.mark.few(once(), slow=150)
@pytest.mark.parametrize(("base", "name", "value"), EACH)
def test_a_parameter_has_an_effect_or_is_refused_by_its_name(base, name, value):
    changed = spec_of(base | {name: value})
    try:
        after = effect(api.build(changed, seed=3))
    except (InputError, TooLargeError) as error:
        typed = {*base, name} - ({"network"} if name != "network" else set())
        needed = {one.name for one in usable(declared_for(base), base | {name: value}) if one.required}
        refused = {part.split(".")[0] for part in named_in(error)}
        assert refused & (typed | needed), error  # noqa: PT017
    else:
        assert after != effect(built(json.dumps(base)))


@functools.cache
def built(base):
    return api.build(spec_of(json.loads(base)), seed=3)


def test_all_families_and_networks_are_tried():
    tried = [spec_of(base) for _, base, _ in CASES]
    assert {spec.family for spec in tried} == {one.name for one in every()}
    assert {spec.options["network"] for spec in tried if spec.family == "coordination"} == {
        title.partition(",")[0] for title in LISTS
    }
    assert {"chsh", "magic-square", "ghz"} < set(game_names())


FLAGS = {
    "shots": ["50"],
    "seed": ["5"],
    "inputs": ["3"],
    "inputs_file": ["inputs.json"],
    "auxiliary": ["A,A"],
    "rounds": ["2"],
    "rate": ["0"],
    "dimension": ["1"],
    "random_questions": [],
    "every_edge": [],
    "links": ["links.toml"],
    "layout": ["0,1"],
    "noise_scale": ["2"],
    "network": ["two-node"],
    "copies": ["3"],
    "protocol": ["other"],
    "time_limit": ["5"],
    "distance": ["2"],
    "transport": ["swapping"],
    "candidate": ["other"],
}
"""What `run`, `plan` and `submit` take of an experiment, with values other than the default."""

CHOSEN = {"choose", "idle_noise"}
"""Of tests/cli/test_choose.py, what `qcoord choose` finds, and tests/execution/test_idle.py, noise models."""


def run_parser():
    parser = Parser()
    add_experiment(parser)
    return parser


def test_every_flag_of_an_experiment_is_tried():
    found = set(vars(run_parser().parse_args(["chsh"]))) - {"specs"}
    assert found == set(FLAGS) | CHOSEN
    shown = Parser()
    add_parameters(shown)
    assert set(vars(shown.parse_args([]))) <= found


EXPERIMENTS = ("chsh", "sum-2-f2", "two-node-n1", "hardy-2", "mac-n2")


@pytest.mark.few([f"{EXPERIMENTS[(k + j) % 5]}-{flag}" for k, flag in enumerate(FLAGS) for j in range(2)])
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_flag_has_an_effect_or_is_refused_by_its_name(tmp_path, monkeypatch, name, flag):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inputs.json").write_text('[{"w1": [1, 1], "w2": [0, 1]}]')
    (tmp_path / "links.toml").write_text('["Alice->Bob"]\ndepolarising = 0.1\n')

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
            weighed=experiment.weighed,
            equal=False,
        )
        if spec.every_edge:
            return api.run(one, target="fake_manila", shots=5, runs=tmp_path).record.tiles
        program = program_of(experiment, spec.links)
        IdealTarget().prepare(program, spec.layout)
        return [effect(one)[:-2], chunks, program.routes]

    try:
        assert plan(f"--{flag.replace('_', '-')}", *FLAGS[flag]) != plan()
    except (InputError, TooLargeError) as error:
        named = named_in(error) | {str(error).partition(".")[0]}
        assert flag in named or (flag == "inputs_file" and "inputs" in named), error  # noqa: PT017
