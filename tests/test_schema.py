"""Declared parameters: read, refused in one wording, described; over all that the families declare."""

import json

import pytest

from qcoord_hw.cli.experiment import family_flags
from qcoord_hw.errors import InputError
from qcoord_hw.registry import every
from qcoord_hw.schema import Flag, Parameter, check_names, describe, names_of, read, usable
from qcoord_hw.text import meant

ROUNDS = Parameter("rounds", "integer", "how many", 1, low=1, high=8)
KIND = Parameter("kind", "choice", "which", "plain", choices=("plain", "coded"))
CODE = Parameter(
    "code", "integer", "of it", usual="rounds - 1", low=0, high="rounds", when={"kind": ("coded",)}
)
RATE = Parameter("rate", "number", "per round", low=0, high=0.5)
STATE = Parameter("state", "text", "what", required=True, allowed="is a name")
LIST = Parameter("counts", "list", "how often", check=lambda value: len(value) == 2, allowed="is a pair")
ALONE = Parameter("alone", "boolean", "whether", False, when={"counts": (None,)})
BESIDE = Parameter("beside", "any", "whatever", when={"counts": ()})
ALL = (ROUNDS, KIND, CODE, RATE, STATE, LIST, ALONE, BESIDE)

DECLARED = [
    pytest.param(family, title, parameter, id=f"{family.name} {title} {parameter.name} {k}")
    for family in every()
    for title, declared in family.parameter_lists().items()
    for k, parameter in enumerate(declared)
]


def test_what_is_not_given_has_its_default():
    assert read(ALL, {"state": "x"}, "for a test") == {
        "rounds": 1,
        "kind": "plain",
        "code": None,
        "rate": None,
        "state": "x",
        "counts": None,
        "alone": False,
        "beside": None,
    }


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "parameters.state: missing; allowed is a name"),
        ({"state": 3}, "parameters.state: 3; allowed is a name"),
        ({"state": "x", "rounds": 9}, "parameters.rounds: 9; allowed are integers from 1 to 8"),
        ({"state": "x", "rounds": True}, "parameters.rounds: True; allowed are integers from 1 to 8"),
        ({"state": "x", "rounds": 2.0}, "parameters.rounds: 2.0; allowed are integers from 1 to 8"),
        ({"state": "x", "rate": "1/3 "}, None),
        ({"state": "x", "rate": "2/3"}, "parameters.rate: '2/3'; allowed are numbers from 0 to 0.5"),
        ({"state": "x", "rate": float("nan")}, "parameters.rate: nan; allowed are numbers from 0 to 0.5"),
        ({"state": "x", "rate": 10**400}, "parameters.rate: 1000.*; allowed are numbers from 0 to 0.5"),
        ({"state": "x", "kind": 1}, "parameters.kind: 1; allowed are plain, coded"),
        (
            {"state": "x", "kind": "codde"},
            r"parameters.kind: 'codde' \(did you mean coded\?\); allowed are plain, coded",
        ),
        ({"state": "x", "code": 1}, "parameters.code: 1; allowed with kind coded"),
        (
            {"state": "x", "kind": "coded", "code": 3, "rounds": 2},
            "parameters.code: 3; allowed are integers from 0 to 2",
        ),
        ({"state": "x", "counts": (1,)}, r"parameters.counts: \(1,\); allowed is a pair"),
        ({"state": "x", "counts": (1, 2), "alone": True}, "parameters.alone: True; allowed without counts"),
        ({"state": "x", "beside": 1}, "parameters.beside: 1; allowed beside counts"),
        ({"state": "x", "alone": 1}, "parameters.alone: 1; allowed are true and false"),
        (
            {"state": "x", "round": 2},
            r"parameters.round: unknown for a test \(did you mean rounds\?\); "
            "allowed are rounds, kind, rate, state, counts, alone",
        ),
    ],
)
def test_one_wording_of_every_refusal(given, line):
    if line is None:
        assert read(ALL, given, "for a test")["rate"] == pytest.approx(1 / 3)
        return
    with pytest.raises(InputError, match=f"^{line}$"):
        read(ALL, given, "for a test")


def test_the_first_form_that_applies_is_read():
    forms = (
        KIND,
        Parameter("n", "integer", "copies", 3, low=2, high=4, when={"kind": ("coded",)}),
        Parameter("n", "integer", "copies", 1, low=1, high=1),
    )
    assert read(forms, {}, "")["n"] == 1
    assert read(forms, {"kind": "coded"}, "")["n"] == 3
    with pytest.raises(InputError, match=r"^parameters\.n: 2; allowed is 1$"):
        read(forms, {"n": 2}, "")
    assert [one.default for one in usable(forms, {"kind": "coded"}) if one.name == "n"] == [3]


def test_names_beside_the_declared_ones():
    check_names(ALL, {"blocks": 1}, "for a sweep", ("blocks",))
    with pytest.raises(
        InputError, match=r"blocs: unknown for a sweep \(did you mean blocks\?\); allowed are blocks, "
    ):
        check_names(ALL, {"blocs": 1}, "for a sweep", ("blocks",))


def test_a_meant_name_is_close():
    assert meant("zzz", ["rounds"]) == meant(3, ["rounds"]) == meant("x" * 10**6, ["rounds"]) == ""


@pytest.mark.parametrize(("family", "title", "parameter"), DECLARED)
def test_every_declaration_stands_for_itself(family, title, parameter):
    about = describe(parameter)
    assert json.loads(json.dumps(about)) == about
    assert about["help"]
    assert about["range"]
    assert parameter.required or about["default"] is not None or about["usual"]
    assert not (about["default"] is not None and about["usual"])
    if isinstance(parameter.default, (int, float, str)) and not callable(parameter.choices):
        assert parameter.read(parameter.default, {"n": 9}) == parameter.default
    declared = names_of(family.parameter_lists()[title])
    names = {*parameter.when, *(one for one in (parameter.low, parameter.high) if isinstance(one, str))}
    assert names <= set(declared[: declared.index(parameter.name)]), "they have to stand before it"


@pytest.mark.parametrize(("family", "title", "parameter"), DECLARED)
def test_a_value_of_a_wrong_type_is_refused_by_its_name(family, title, parameter):
    wrong = {"list": [3, "x", True], "text": [3, (), False], "boolean": [1, "true", 0.0], "any": []}
    for value in wrong.get(parameter.type, [(), ("x",), "no-such-choice", True, float("inf")]):
        with pytest.raises(InputError, match=rf"^parameters\.{parameter.name}: .*; allowed (is|are) "):
            parameter.read(value, {"n": 9})


def test_two_families_cannot_share_a_flag_for_different_parameters(monkeypatch):
    from qcoord_hw.families.games.family import Games

    assert family_flags()
    other = Parameter("speed", "integer", "another", 1, flags=(Flag("--rounds", "N"),))
    monkeypatch.setattr(Games, "parameters", (*Games.parameters, other))
    with pytest.raises(
        InputError, match=r"family nonlocal-game: flag --rounds of speed is that of .*; allowed is"
    ):
        family_flags()
