"""What a user names on the command line, as a spec: a catalogue entry, a game, or a file of their own."""

from __future__ import annotations

import json
from pathlib import Path

from qcoord_hw.catalogue import catalogue_paths, load_spec
from qcoord_hw.spec import ExperimentSpec


def read_user_spec(name_or_path: str) -> ExperimentSpec:
    """Return the spec of a catalogue name, a game with a known strategy, a `.toml` spec, or a JSON file.

    Raises:
        InputError: when it is none of these, or the file is wrong.
    """
    if not name_or_path.endswith(".json"):
        from qcoord_hw.theory.games.explicit import EXPLICIT

        if name_or_path in EXPLICIT and name_or_path not in catalogue_paths():
            return ExperimentSpec(
                name=name_or_path,
                title=f"The game {name_or_path} by its strategy in closed form",
                family="nonlocal-game",
                parameters=(("game", name_or_path),),
            )
        return load_spec(name_or_path)
    if _holds_a_game(Path(name_or_path)):
        from qcoord_hw.theory.games.game import read_game
        from qcoord_hw.theory.games.specs import spec_of_game

        return spec_of_game(read_game(Path(name_or_path)))
    from qcoord_hw.theory.linear_computation.specs import spec_of
    from qcoord_hw.theory.linear_computation.task import read_task

    return spec_of(read_task(Path(name_or_path)))


def _holds_a_game(path: Path) -> bool:
    """Return whether a JSON file looks like a game rather than a task, as what cannot be read does."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not {"prob", "win", "score"}.isdisjoint(data)
