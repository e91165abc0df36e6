"""The family of nonlocal games."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.families.base import Candidate, JsonFile, Lecture, Named, Rounds, Situation
from qcoord_hw.families.games.parameters import PARAMETERS
from qcoord_hw.families.room import FamilyInRoom

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.games.scoring import GameScoring
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec, Plain
    from qcoord_hw.statistics.analysis import Analysis


class Games(FamilyInRoom):
    """Nonlocal games on the quantum broadcast network."""

    name = "nonlocal-game"
    kind = "game"
    parameters = PARAMETERS
    played = ("strategy", "dimension", "time_limit")
    per_tile = ("expression",)

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.games.circuits import build

        return build(spec)

    def scoring(self, play: dict[str, Any]) -> GameScoring:
        """See `Family.scoring`."""
        from qcoord_hw.families.games.scoring import GameScoring

        return GameScoring.from_json(play)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.games.analysis import analyse_game

        return analyse_game(record, confidence)

    def named(self) -> tuple[Named, ...]:
        """Return the Bell expressions that have a name."""
        from qcoord_hw.theory.games.named_expressions import EXPRESSIONS

        return tuple(Named(one.typed(name), one.described()) for name, one in EXPRESSIONS.items())

    def recognise(self, given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec | None:
        """Take a game file, a `Game`, and the name of a Bell expression or of a game of known strategy."""
        if isinstance(given, str) and given in catalogue_paths():
            return None
        from qcoord_hw.families.games.user_game import spec_of_game, spec_of_name
        from qcoord_hw.theory.games.files import KEYS, read_game
        from qcoord_hw.theory.games.game import Game

        if isinstance(given, Game):
            found: ExperimentSpec | None = spec_of_game(given)
        elif isinstance(given, JsonFile):
            found = spec_of_game(read_game(given.path)) if given.has(*KEYS) else None
        else:
            found = spec_of_name(given) if isinstance(given, str) else None
        return found and found.stating(parameters)

    def complete(self, spec: ExperimentSpec, situation: Situation) -> ExperimentSpec:
        """Look for a strategy where a game of the user's own states none."""
        from qcoord_hw.families.games.user_game import with_strategy

        def gates(parameters: dict[str, Plain]) -> float:
            return situation.gates(self.build(spec.with_parameters(parameters)))

        return spec.with_parameters(with_strategy(spec.name, spec.options, situation.seed, gates))

    def theorem(self, spec: ExperimentSpec) -> str:
        """See `Family.theorem`."""
        return "[NatorPereg, Section V], nonlocal games"

    def candidates(self, spec: ExperimentSpec) -> tuple[Candidate, ...]:
        """Return strategies in several local dimensions."""
        from qcoord_hw.families.games.candidates import candidates

        return candidates(spec)

    def rounds(self, record: RunRecord, seed: int, count: int) -> Rounds:
        """See `Family.rounds`."""
        from qcoord_hw.families.games.rounds import round_by_round

        return round_by_round(record, seed, count)

    def lecture(self, record: RunRecord, seed: int, count: int) -> Lecture:
        """See `Family.lecture`."""
        from qcoord_hw.families.games.lecture import lecture_of

        return lecture_of(record, seed, count)


FAMILY = Games()
