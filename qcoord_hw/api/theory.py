"""Theory from Python: what `qcoord theory` prints. No circuit is built and Qiskit is not loaded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qcoord_hw.answer import Answer, Row
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_integer, one_line, read_json
from qcoord_hw.time_limit import check_time_limit, kept_time
from qcoord_hw.watching import watching

if TYPE_CHECKING:
    from qcoord_hw.families.coordination.answer import RegionAnswer, SchumacherAnswer
    from qcoord_hw.families.games.answer import GameAnswer
    from qcoord_hw.families.linear_computation.answer import LinearAnswer
    from qcoord_hw.theory.claims import Verdict
    from qcoord_hw.theory.games.game import Game
    from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.states import State

MAX_FRONTIER = 200
"""Points."""

Timed = TypeVar("Timed", "LinearAnswer", "GameAnswer", "RegionAnswer")


@dataclass(frozen=True, eq=False, repr=False)
class Check(Answer):
    """What an independent checker says of an answer of theory.

    Attributes:
        holds: whether no condition fails.
        violations: a line for each condition that fails.
        not_checked: dotted paths of the numbers that were not proved again; one covers all below it.
        lower_bound: `confirmed`, `refuted: ..` or `not rechecked: ..`.
    """

    holds: bool
    violations: Sequence[str]
    not_checked: Sequence[str]
    lower_bound: str

    def rows(self) -> Sequence[Row]:
        """Return a row for each condition that fails and each path that was not checked."""
        failed = [{"found": "violated", "what": line} for line in self.violations]
        return failed + [{"found": "not checked", "what": path} for path in self.not_checked]

    def _text(self) -> str:
        if not self.holds:
            return "\n".join(["does not hold:", *(f"  {line}" for line in self.violations)])
        unseen = ", ".join(self.not_checked) or "nothing"
        return f"holds; lower bound {self.lower_bound}; not checked: {unseen}"


@watching("theory linear")
def theory_linear(
    task: str | Path | LinearTask | NSumBox,
    *,
    time_limit: float = 60.0,
    seed: int = 0,
    export: str | Path | None = None,
) -> LinearAnswer:
    """Return what theory says of a linear computation: what `qcoord theory linear` prints.

    Args:
        task: a catalogue name, a path of a task file (`.json`), a stabilizer file (`.json`, `.stim`, `.chp`
            or `.alist`) or a spec (`.toml`), or a task or box.
        time_limit: seconds for everything; what is not proved by then is an interval.
        seed: of the searches.
        export: a file to write the stabilizers of the scheme to, or of the box if one is given (`.json`);
            beside it a circuit that makes the state (`.stim`, or `.chp` for odd d) is written. The answer
            then has their paths under `exported`.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    check_time_limit(time_limit)
    clock = _Clock(time_limit)
    from qcoord_hw.families.linear_computation.answer import box_theory, linear_theory
    from qcoord_hw.theory.linear_computation.nsum_box import NSumBox

    if export is not None:
        from qcoord_hw.families.linear_computation.stabilizer_export import check_export
        from qcoord_hw.report.output_files import check_place

        check_export(Path(export))
        check_place("export-stabilizers", Path(export))
    found = find_task(task)
    if isinstance(found, NSumBox):
        answer = box_theory(found, clock.left(), seed)
    else:
        answer = linear_theory(found, clock.left(), seed)
    if export is not None:
        from qcoord_hw.families.linear_computation.stabilizer_export import stabilizer_files
        from qcoord_hw.report.output_files import write_whole

        files = stabilizer_files(answer, found, Path(export))
        for path, text in files.items():
            write_whole("export-stabilizers", path, text.encode())
        answer = replace(answer, exported=list(map(str, files)))
    return clock.on(answer)


def find_task(task: str | Path | LinearTask | NSumBox) -> LinearTask | NSumBox:
    """Return the task of a name, of a task file or spec, the box of a stabilizer file, or what is given.

    Raises:
        InputError: when the name is unknown, the file is wrong, or a spec is of another family.
    """
    from qcoord_hw.families.linear_computation.user_task import FAMILY, task_of
    from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
    from qcoord_hw.theory.linear_computation.stabilizer_files import is_stabilizer_file, read_box
    from qcoord_hw.theory.linear_computation.task import LinearTask, read_task

    if isinstance(task, LinearTask | NSumBox):
        return task
    if is_stabilizer_file(task):
        return read_box(Path(task))
    if str(task).endswith(".json"):
        return read_task(Path(task))
    spec = load_spec(str(task))
    if spec.family != FAMILY:
        raise InputError(f"task: {spec.name!r} is of family {spec.family}; allowed is a linear computation")
    return task_of(spec)


@watching("theory game")
def theory_game(
    game: str | Path | Game,
    *,
    level: str | None = None,
    seed: int = 0,
    time_limit: float = 60.0,
    win: float | None = None,
    correlation: bool = False,
) -> GameAnswer:
    """Return what theory says of a game: what `qcoord theory game` prints.

    Args:
        game: a name in the catalogue of games or of a Bell expression, a path of a game file or a Bell
            expression (`.json`), or a game.
        level: the level of the NPA hierarchy for the upper bound, 1, 1+AB, 2 or 3; as far as needed if
            omitted, 3 where symmetries make it small.
        seed: of the searches.
        time_limit: seconds for everything; the best bracket known by then is returned.
        win: a win probability for which the rates of [NatorPereg, Section V] are wanted as well.
        correlation: whether P(answers | questions) of the strategy, (69), is wanted as a table.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    check_time_limit(time_limit)
    check_integer("seed", seed, 0, 2**63 - 1)
    clock = _Clock(time_limit)
    from qcoord_hw.families.games.answer import game_theory
    from qcoord_hw.theory.games.files import find_game
    from qcoord_hw.theory.games.game import Game

    if not isinstance(game, Game):
        game = find_game(str(game))
    left = clock.left()
    answer = game_theory(game, level=level, seed=seed, time_limit=left, win=win, correlation=correlation)
    return clock.on(answer)


class _Clock:
    """Keeps a time limit from before anything is loaded to the answer."""

    def __init__(self, time_limit: float) -> None:
        self.asked = time_limit
        self.started = time.monotonic()
        self.loading = 0.0

    def left(self) -> float:
        """Return what loading and reading leave of the limit, seconds."""
        self.loading = time.monotonic() - self.started
        return max(0.05, self.asked - self.loading)

    def on(self, answer: Timed) -> Timed:
        """Return an answer with what became of the limit."""
        solving = time.monotonic() - self.started - self.loading
        told = answer.seconds
        steps = told if isinstance(told, Mapping) else {"solving": solving}
        kept = kept_time(self.started, self.asked, {"loading and reading": self.loading, **steps})
        return replace(answer, time_limit=kept)


@watching("theory region")
def theory_region(
    state: str | Path | State,
    network: str,
    *,
    at: Mapping[str, float] | None = None,
    frontier: int = 0,
    plot: str | Path | None = None,
    seed: int = 0,
    time_limit: float = 60.0,
) -> RegionAnswer:
    """Return what a network must send to make a state: what `qcoord theory region` prints.

    Args:
        state: a path of a state file (`.json`), a name such as `example-1` or `werner:visibility=1/3`, or a
            state.
        network: one of `qcoord_hw.theory.networks.NETWORKS`.
        at: a rate tuple whose membership is wanted, by name of the rate.
        frontier: how many points of the frontier (R0, R1) are wanted, 0 to 200; with classical links.
        plot: a file (`.png`, `.svg` or `.pdf`) to draw the region in.
        seed: of the searches.
        time_limit: seconds for everything; the best certified bracket known by then is returned.

    Raises:
        InputError: when the name is unknown, the file is wrong, the network cannot have such systems, or an
            argument is not allowed.
    """
    check_time_limit(time_limit)
    check_integer("seed", seed, 0, 2**63 - 1)
    check_integer("frontier", frontier, 0, MAX_FRONTIER)
    clock = _Clock(time_limit)
    from qcoord_hw.families.coordination.answer import shown_region
    from qcoord_hw.theory.named_states import named_state
    from qcoord_hw.theory.regions import coordination_region
    from qcoord_hw.theory.states import State, read_state

    if plot is not None:
        from qcoord_hw.report.output_files import check_figure, write_figure

        check_figure(Path(plot))
    if not isinstance(state, State):
        text = str(state)
        state = read_state(Path(text)) if text.endswith(".json") else named_state(text)
    left = clock.left()
    answer = coordination_region(state, network, at=at, frontier=frontier, seed=seed, time_limit=left)
    if plot is not None:
        from qcoord_hw.families.coordination.region_figure import region_figure

        write_figure(region_figure(answer), Path(plot))
    return clock.on(shown_region(answer))


def theory_schumacher(spectrum: Sequence[str | float], n: int, rate: float) -> SchumacherAnswer:
    """Return how well n copies of a source compress: what `qcoord theory schumacher` prints.

    Args:
        spectrum: the eigenvalues of the source state: numbers, or strings such as "1/3".
        n: block length.
        rate: qubits per copy.

    Raises:
        InputError: when an argument is not allowed.
    """
    from qcoord_hw.families.coordination.answer import schumacher_answer
    from qcoord_hw.theory.named_states import read_number

    return schumacher_answer([read_number("spectrum", value) for value in spectrum], n, rate)


@watching("theory check")
def theory_check(path: str | Path | Answer) -> Check:
    """Return what an independent checker says of an answer of theory, or of the best possible at n.

    Args:
        path: a file with all that `qcoord theory linear|game|region|schumacher|second-link --json`
            printed, or
            `qcoord show|run --json` with `best_at_n`, or the answer itself.

    Raises:
        InputError: when the file cannot be read or is no such answer.
    """
    if isinstance(path, Answer):
        data, where = json.loads(json.dumps(path.to_json())), f"a {type(path).__name__}"
    else:
        data, where = read_json(Path(path)), str(path)
    found = check_answer(data, where)
    return Check(found.holds, list(found.violations), list(found.not_checked), found.lower_bound)


def check_answer(data: Any, where: str = "answer") -> Verdict:
    """Return what the checker of its kind says of an answer, whatever stands in it.

    Raises:
        InputError: when it is no answer of a known kind.
    """
    from qcoord_hw.theory.claims import Verdict

    kind = next((k for k, keys in KINDS.items() if isinstance(data, dict) and keys & data.keys()), None)
    if kind is None:
        raise InputError(
            f"{where}: no answer of theory; allowed is what `qcoord theory game|linear|region --json` prints,"
            " or `qcoord show|run --json` with `best_at_n`"
        )
    try:
        return _checker(kind)(data)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError) as error:
        line = f"cannot be read: {type(error).__name__} {one_line(error)}"
    except (TypeError, ValueError) as error:
        line = f"cannot be read: {one_line(error)}"
    return Verdict((line[:300],), (), (), "not rechecked: the answer cannot be read")


KINDS = {
    "best_at_n": {"best_at_n", "certified"},
    "region": {"network"},
    "game": {"quantum", "classical", "game"},
    "linear": {"V", "P", "M", "server_order"},
}
"""Kinds of answers that have a checker, by keys of which no other kind has one."""


def _checker(kind: str) -> Callable[[dict[str, Any]], Verdict]:
    if kind == "best_at_n":
        from qcoord_hw.theory.finite_blocklength.converses.checker import check_best_at_n

        return check_best_at_n
    if kind == "linear":
        from qcoord_hw.theory.linear_computation.checker import check_linear

        return check_linear
    if kind == "game":
        from qcoord_hw.theory.games.checker import check_game

        return check_game
    from qcoord_hw.theory.regions.auxiliary.checker.answer import check_region_answer

    return check_region_answer
