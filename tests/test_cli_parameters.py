"""`qcoord show --parameters`, flags and sweeps: all of them say what the families declare."""

import json

import pytest

from qcoord_hw import api
from qcoord_hw.api.parameters import parameters
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.cli.experiment import family_flags
from qcoord_hw.cli.program import main
from qcoord_hw.errors import InputError
from qcoord_hw.registry import every, family
from qcoord_hw.schema import names_of, read
from qcoord_hw.spec import read_spec, to_lists
from qcoord_hw.sweeps import sweep

KEYS = {"name", "type", "range", "default", "usual", "required", "when", "flags", "help", "of"}


@pytest.mark.parametrize("name", catalogue_paths())
def test_what_a_spec_states_is_among_its_parameters(name):
    spec = read_spec(catalogue_paths()[name])
    rows = {row["name"]: row for row in parameters(name)["parameters"]}
    assert {key: to_lists(value) for key, value in spec.parameters} == {
        key: row["value"] for key, row in rows.items() if row["value"] is not None
    }
    assert all(set(row) == KEYS | {"value"} for row in rows.values())
    values = read(family(spec.family).parameters_of(spec), spec.options, "here")
    assert all(values[key] == pytest.approx(value) for key, value in spec.parameters if type(value) is int)


@pytest.mark.parametrize("name", [one.name for one in every()])
def test_a_family_lists_all_that_it_declares(capsys, name):
    assert main(["show", name, "--parameters", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert (found["family"], found["experiment"]) == (name, None)
    assert all(set(row) == KEYS for row in found["parameters"])
    lists = family(name).parameter_lists()
    assert [row["name"] for row in found["parameters"]] == [one.name for row in lists.values() for one in row]
    flags = {flag.name for flag, _, of in family_flags() if of == name}
    assert {flag for row in found["parameters"] for flag in row["flags"]} == flags
    assert main(["show", name, "--parameters"]) == 0
    text = capsys.readouterr().out
    words = " ".join(text.split())
    assert all(f"  {row['name']} " in text and row["help"] in words for row in found["parameters"])


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["show", "no-such", "--parameters"], "experiment: unknown 'no-such'"),
        (["show", "ches", "--parameters"], "experiment: unknown 'ches' (did you mean chsh?)"),
        (["run", "chsh", "--copies", "3"], "copies: unknown for game 'chsh'"),
        (["run", "two-node-n1", "--copies", "9"], "copies: 9; allowed are integers from 1 to 6"),
        (["run", "two-node-n1", "--time-limit", "9"], "time-limit: unknown for network two-node"),
        (["run", "cascade-ghz2", "--copies", "1"], "copies: 1; allowed is 2"),
        (["run", "mac-n2", "--protocol", "naiv"], "protocol: 'naiv' (did you mean naive?); allowed are "),
        (["run", "sum-2-f2", "--rounds", "2"], "rounds: unknown for a linear computation"),
        (["run", "werner", "--network", "two-nod"], "network: 'two-nod' (did you mean two-node?); "),
        (
            ["run", "werner", "--network", "no-communication", "--time-limit", "0"],
            "time-limit: 0.0; allowed are ",
        ),
        (
            ["sweep", "chsh", "--set", "rouns=1,2"],
            "parameters.rouns: unknown for chsh (did you mean rounds?)",
        ),
        (["sweep", "chsh", "--set", "bloks=1"], "parameters.bloks: unknown for chsh (did you mean blocks?)"),
        (["sweep", "chsh", "--set", "players=3"], "parameters.players: 3; allowed with game ghz"),
    ],
)
def test_the_command_line_refuses_by_the_name_that_was_typed(capsys, typed, line):
    assert main(typed) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"qcoord: error: {line}"), err
    assert err.count("\n") == 1


def test_one_parameter_is_stated_once(capsys, tmp_path):
    path = tmp_path / "inputs.json"
    path.write_text('[{"w1": [1, 1], "w2": [0, 1]}]')
    assert main(["run", "sum-2-f2", "--inputs", "2", "--inputs-file", str(path)]) == 2
    assert "inputs: --inputs and --inputs-file; allowed is one of them" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["chsh", "sum-2-f2", "mac-n2", "two-node-n1", "cascade-ghz2"])
def test_a_sweep_knows_the_names_of_every_family(runs_dir, name):
    spec = read_spec(catalogue_paths()[name])
    for one in names_of(family(spec.family).parameters_of(spec)):
        if len(one) > 2:
            typo = one + one[-1]
            with pytest.raises(InputError, match=rf"^parameters\.{typo}: unknown for {name} \(did you mean "):
                sweep(name, fields={typo: [1]})
    assert not list(runs_dir.glob("*"))


def test_a_mixture_beside_a_state_is_used(tmp_path):
    ends = ((0, 0, 1), (0, 0, -1))
    mixture = {"network": "no-communication", "p_u": (0.5, 0.5), "theta_A": ends, "theta_B": ends}
    path = tmp_path / "state.json"
    path.write_text('{"systems": {"A": 2, "B": 2}, "density": [[0.5,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0.5]]}')
    built = api.build(str(path), parameters=mixture)
    assert {key: built.spec.options[key] for key in mixture} == mixture
    assert "counts" not in built.spec.options
    path.write_text('{"systems": {"A": 2, "B": 2}, "density": [[1,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0]]}')
    with pytest.raises(InputError, match=r"^parameters\.p_u: the mixture misses"):
        api.build(str(path), parameters=mixture)
    with pytest.raises(InputError, match=r"^parameters\.time_limit: 5.*; allowed without p_u"):
        api.build(str(path), parameters={**mixture, "time_limit": 5})
