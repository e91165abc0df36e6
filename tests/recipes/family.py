"""The recipe "A new protocol family", followed in the house: `examples/own_family` moves in.

The part for packages of their own is tested as it stands, by `tests/families/test_own_family.py`.
"""

from __future__ import annotations

import json

from tests.recipes.house import ROOT, House, Recipe, Step

NAME, FAMILY, ROOM = "superdense", "superdense-coding", "superdense_coding"
OBJECT = f"qcoord_hw/families/{ROOM}/family.py"
SPEC = f"circuits/{FAMILY}/{NAME}.toml"
CODE = (ROOT / "examples" / "own_family" / "qcoord_superdense.py").read_text(encoding="utf-8")


def add_family(house):
    house.write(f"qcoord_hw/families/{ROOM}/__init__.py", '"""Superdense coding."""\n')
    house.write(OBJECT, f"{CODE}\n\nFAMILY = SuperdenseCoding()\n")


def add_spec(house):
    house.write(SPEC, f'name = "{NAME}"\ntitle = "Two bits in one qubit"\nfamily = "{FAMILY}"\n')
    house.later("tools/golden.py", NAME, "--write", "--needs")
    house.later("tools/parameter_page.py")


STEPS = (
    Step(OBJECT, add_family),
    Step(
        "qcoord_hw/families/__init__.py",
        lambda house: house.insert(
            "qcoord_hw/families/__init__.py",
            "OURS = {",
            f'    "{FAMILY}": "qcoord_hw.families.{ROOM}.family:FAMILY",\n',
        ),
    ),
    Step(SPEC, add_spec),
)


def appears(house: House) -> None:
    """The family is there, in every command."""
    listed, shown, ran, planned, reported, verified, golden = house.run(
        ["qcoord", "list", "--json"],
        ["qcoord", "show", FAMILY, "--parameters", "--json"],
        ["qcoord", "run", NAME, "--shots", "200", "--seed", "7", "--json"],
        ["qcoord", "plan", NAME, "--target", "fake_torino", "--shots", "50", "--json"],
        ["qcoord", "report", "latest", "--json"],
        ["qcoord", "verify", "latest"],
        ["tools/golden.py", NAME],
    )
    assert golden[0] == 0, golden
    rows = {row["name"]: row for row in json.loads(listed[1])["experiments"]}
    assert (rows[NAME]["needs"] or {}).get("qubits") == 2
    assert "pairs" in shown[1]
    assert json.loads(ran[1])["estimates"][0]["best"] == 1
    assert json.loads(planned[1])["figure"] == "message_probability"
    assert (reported[0], verified[0]) == (0, 0)
    assert FAMILY in (house.folder / "docs" / "parameters.md").read_text()


RECIPE = Recipe("A new protocol family", STEPS, appears)
