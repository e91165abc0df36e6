"""The recipe "A game in the catalogue", followed: CHSH in which the XOR is to be x OR y."""

from __future__ import annotations

import json

from tests.recipes.house import House, Recipe, Step

NAME = "chsh-or"
CATALOGUE, EXPLICIT = "qcoord_hw/theory/games/catalogue.py", "qcoord_hw/theory/games/explicit.py"
SPEC = f"circuits/nonlocal-game/{NAME}.toml"
TESTS = "tests/theory/games/test_catalogue_games.py"


def add_rule(house):
    house.insert(
        CATALOGUE,
        "Question = tuple[int, ...]",
        '''

def chsh_or() -> Game:
    """CHSH with the answers of the questions exchanged: b XOR c = x OR y [CHSH1969]."""
    return _bits("chsh-or", itertools.product((0, 1), repeat=2), lambda x, y: x | y)

''',
    )
    house.insert(CATALOGUE, '    "chsh": chsh,', f'    "{NAME}": chsh_or,\n')


def add_strategy(house):
    house.insert(
        EXPLICIT,
        '    "cglmp-3": Explicit(cglmp3, Value(1 / 2 + (1 + math.sqrt(11 / 3)) / 8, "exact", "[Acin2002]")),',
        f'''    "{NAME}": Explicit(
        lambda: vector_strategy(_angles(-math.pi / 4, -3 * math.pi / 4), _angles(0, math.pi / 2)),
        Value(_CHSH, "exact", "[CHSH1969]"),
    ),
''',
    )


def add_values(house):
    house.bring(TESTS)
    house.insert(TESTS, "CLASSICAL = {", f'    "{NAME}": "3/4",\n')


STEPS = (
    Step(CATALOGUE, add_rule),
    Step(EXPLICIT, add_strategy),
    Step(
        SPEC,
        lambda house: house.write(
            SPEC,
            f'name = "{NAME}"\ntitle = "OR"\nfamily = "nonlocal-game"\n\n[parameters]\ngame = "{NAME}"\n',
        ),
    ),
    Step(SPEC.replace(".toml", ".qasm"), lambda house: house.later("tools/golden.py", NAME, "--write")),
    Step("circuits/needs.json", lambda house: house.later("tools/golden.py", NAME, "--needs")),
    Step(TESTS, add_values),
    Step(
        f"changes/+{NAME}.feature.md",
        lambda house: house.write(f"changes/+{NAME}.feature.md", "A game more.\n"),
    ),
)


def appears(house: House) -> None:
    """The game is there, in every command."""
    listed, theory, shown, ran, planned, reported, golden = house.run(
        ["qcoord", "list", "--json"],
        ["qcoord", "theory", "game", NAME, "--json"],
        ["qcoord", "show", NAME, "--json"],
        ["qcoord", "run", NAME, "--shots", "500", "--seed", "7", "--json"],
        ["qcoord", "plan", NAME, "--target", "fake_torino", "--json"],
        ["qcoord", "report", "latest", "--json"],
        ["tools/golden.py", NAME],
    )
    assert golden[0] == 0, golden
    rows = {row["name"]: row for row in json.loads(listed[1])["experiments"]}
    assert (rows[NAME]["needs"] or {}).get("qubits") == 2
    assert json.loads(theory[1])["classical"]["value"] == "3/4"
    assert json.loads(shown[1])["ok"]
    (estimate,) = [e for e in json.loads(ran[1])["estimates"] if e["name"] == "win_probability"]
    assert estimate["verdict"] == "above"
    assert json.loads(planned[1])["expected"] > 0.75
    assert NAME in reported[1]


RECIPE = Recipe(
    "A game in the catalogue",
    STEPS,
    appears,
    unnoticed=2,
    asked=(TESTS, f"{NAME} or every_game"),
)
