"""`qcoord`: a thin layer over `qcoord_hw.api`. Nothing heavy is imported before it is needed.

A long module, since it is a list: one parser and one short function a command, in the order of `--help`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from qcoord_hw.errors import InputError, QcoordError
from qcoord_hw.spec import NETWORKS, one_line, shown

if TYPE_CHECKING:
    from rich.console import Console

    from qcoord_hw.execution.run import Progress
    from qcoord_hw.result import Result

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

SPEC = "a catalogue name, a .toml spec, or a game, task or state file (.json)"


def script() -> NoReturn:
    """Be the `qcoord` program: `main`, and an end without a traceback at Ctrl-C, whatever is under way.

    A record survives being cut off at any moment, so an interruption needs no clean-up.
    """
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 bad input, 3 the target failed."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign shows another
    try:
        options.command(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except QcoordError as error:
        print(f"qcoord: error: {one_line(error)}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe went away: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"qcoord: error: standard output: {one_line(error)}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


def _interrupt(number: int, frame: object) -> NoReturn:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides it
    words = b"qcoord: interrupted; a run that was started is kept, `qcoord collect RUN` finishes it\n"
    os.write(2, show_cursor + words)
    os._exit(EXIT_INTERRUPTED)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: error: {one_line(message)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="qcoord", description="Run protocols on quantum networks; see theory beside counts."
    )
    parser.add_argument("--version", action="version", version=f"qcoord {version('qcoord_hw')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str,
        command: Callable[[argparse.Namespace], None],
        text: str,
        *,
        runs: bool = True,
        among: Any = commands,
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = among.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        if runs:
            sub.add_argument("--runs", metavar="DIR", help="where runs live (default $QCOORD_RUNS or ./runs)")
        return sub

    def add_confidence(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--confidence", type=_number, default=0.95, metavar="P", help="level of the intervals (0.95)"
        )

    def add_coordination(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--network", metavar="N", help=f"of a state file or name: {', '.join(NETWORKS)}")
        sub.add_argument("--copies", type=_integer, metavar="N", help="coordination: the block length n")
        sub.add_argument("--protocol", metavar="P", help="coordination: which protocol of the network")
        sub.add_argument(
            "--time-limit",
            type=_seconds,
            metavar="S",
            help="classical links: of the search for a mixture (30)",
        )

    add("list", _list, "the catalogue of experiments", runs=False)

    show = add("show", _show, "circuit, owners, counted usage and prediction of an experiment", runs=False)
    show.add_argument("spec", metavar="SPEC", help=SPEC)
    add_coordination(show)
    show.add_argument("--circuit", type=_integer, default=0, metavar="K", help="which circuit is drawn (0)")

    run = add("run", _run, "run experiments and print estimates with verdicts")
    run.add_argument("specs", metavar="SPEC", nargs="+", help=SPEC)
    run.add_argument(
        "--target", default="aer", metavar="T", help="aer (ideal, default) or fake_NAME (noise model)"
    )
    run.add_argument(
        "--shots", type=_integer, metavar="N", help="shots a circuit (default: the spec's, 4096)"
    )
    run.add_argument("--seed", type=_integer, metavar="N", help="root seed (default: a fresh one, printed)")
    run.add_argument(
        "--inputs", type=_inputs, metavar="all|N", help="linear computations: all inputs, or N random ones"
    )
    run.add_argument(
        "--inputs-file", metavar="F", help='linear computations: inputs as JSON [{"w1": [..], "w2": [..]}]'
    )
    run.add_argument(
        "--auxiliary", metavar="A,B,..", help="linear computations: the server of each auxiliary qudit"
    )
    run.add_argument("--rounds", type=_integer, metavar="N", help="games: rounds in a row in one circuit")
    run.add_argument(
        "--rate",
        type=_rate,
        metavar="Q",
        help="games: qubits a round to each player; few mix in classical rounds",
    )
    run.add_argument(
        "--random-questions", action="store_true", help="games: draw each shot's question at random"
    )
    add_coordination(run)
    add_confidence(run)

    kinds = commands.add_parser(
        "theory", help="what is true: rates, certificates", description="What is true, with certificates."
    ).add_subparsers(title="kinds", metavar="KIND", required=True)
    linear = add("linear", _theory_linear, "rates of a linear computation", runs=False, among=kinds)
    linear.add_argument("task", metavar="FILE|NAME", help="a task file (.json), a spec or a catalogue name")
    linear.add_argument(
        "--time-limit", type=_seconds, default=60.0, metavar="S", help="seconds for everything (60)"
    )
    game = add("game", _theory_game, "classical and quantum value of a game", runs=False, among=kinds)
    game.add_argument("game", metavar="FILE|NAME", help="a game file (.json) or a name, such as chsh or g14")
    game.add_argument("--win", type=_rate, metavar="W", help="also the rates for this win probability")
    game.add_argument("--level", choices=("1", "1+AB", "2"), help="of the hierarchy of upper bounds")
    game.add_argument("--seed", type=_integer, default=0, metavar="N", help="of the searches (0)")
    game.add_argument(
        "--time-limit", type=_seconds, default=60.0, metavar="S", help="seconds for everything (60)"
    )
    region = add(
        "region", _theory_region, "what a network must send to make a state", runs=False, among=kinds
    )
    region.add_argument(
        "state",
        metavar="FILE|NAME",
        help="a state file (.json) or a name, such as example-1 or werner:visibility=1/3",
    )
    region.add_argument("--network", required=True, metavar="N", help=f"one of {', '.join(NETWORKS)}")
    region.add_argument("--at", metavar="Q1=1,E1=.5,..", help="is this rate tuple inside, and by how much")
    region.add_argument(
        "--frontier", type=_integer, default=0, metavar="N", help="classical links: N points (R0, R1)"
    )
    region.add_argument("--plot", metavar="FILE", help="draw the region (.png, .svg or .pdf)")
    region.add_argument("--seed", type=_integer, default=0, metavar="N", help="of the searches (0)")
    region.add_argument(
        "--time-limit", type=_seconds, default=60.0, metavar="S", help="seconds for everything (60)"
    )
    source = add("schumacher", _theory_schumacher, "compression at block length n", runs=False, among=kinds)
    source.add_argument("--spectrum", required=True, metavar="A,B,..", help="eigenvalues of the source state")
    source.add_argument("--n", required=True, type=_integer, metavar="N", help="block length")
    source.add_argument("--rate", required=True, type=_rate, metavar="R", help="qubits a copy")
    check = add("check", _theory_check, "check an answer and its certificate", runs=False, among=kinds)
    check.add_argument("file", metavar="FILE", help="what `qcoord theory linear|region --json` printed")

    collect = add("collect", _collect, "finish an interrupted run")
    collect.add_argument("run", metavar="RUN", help="folder, unique prefix or 'latest'")
    add_confidence(collect)

    play = add("play", _play, "play a game round by round: questions, answers, won or lost")
    play.add_argument(
        "game", metavar="GAME|RUN", help="a catalogue name, spec or game file; a run's folder or 'latest'"
    )
    play.add_argument("--target", metavar="T", help="of a game: aer (ideal, default) or fake_NAME")
    play.add_argument("--rounds", type=_integer, default=30, metavar="N", help="rounds at most (30)")
    play.add_argument(
        "--seed", type=_integer, metavar="N", help="of the run and of the order (default: the run's)"
    )
    play.add_argument(
        "--delay", type=_seconds, default=0.0, metavar="S", help="seconds to wait after each round (0)"
    )

    report = add("report", _report, "estimates of a run, and its HTML page")
    report.add_argument("run", metavar="RUN", help="folder, unique prefix or 'latest'")
    report.add_argument("--html", metavar="FILE", help="where the page goes (default derived/report.html)")
    add_confidence(report)

    verify = add("verify", _verify, "recompute a run's estimates from raw counts and compare with its report")
    verify.add_argument("run", metavar="RUN", help="folder, unique prefix or 'latest'")
    verify.add_argument("--execute", action="store_true", help="also execute it again at its seed")

    replay = add("replay", _replay, "repeat a run from its record alone, as a new run")
    replay.add_argument("run", metavar="RUN", help="folder, unique prefix or 'latest'")
    replay.add_argument("--target", metavar="T", help="default: the simulator that was recorded")
    add_confidence(replay)

    compare = add("compare", _compare, "differences between runs of one experiment")
    compare.add_argument(
        "run", metavar="RUN", nargs="+", help="two or more: folder, unique prefix or 'latest'"
    )
    add_confidence(compare)
    return parser


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are integers")
    return int(text)


def _inputs(text: str) -> int | str:
    if text != "all" and not re.fullmatch(r"[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are all or a number of inputs")
    return text if text == "all" else int(text)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are numbers of qubits") from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are seconds, a number above 0") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are numbers between 0 and 1") from None


def _list(options: argparse.Namespace) -> None:
    from qcoord_hw.catalogue import catalogue_paths
    from qcoord_hw.spec import read_spec

    rows = []
    for path in catalogue_paths().values():
        spec = read_spec(path)
        rows.append({"name": spec.name, "title": spec.title, "family": spec.family})
    if options.json:
        _print_json({"ok": True, "experiments": rows})
    else:
        for row in rows:
            print(f"{row['name']:<28}{row['title']}")


def _show(options: argparse.Namespace) -> None:
    from qcoord_hw.api import build
    from qcoord_hw.report.protocol import describe_protocol, protocol_text

    experiment = build(options.spec, parameters=_coordination(options)).experiment
    if not 0 <= options.circuit < len(experiment.circuits):
        last = len(experiment.circuits) - 1
        raise InputError(f"circuit: {options.circuit}; allowed are 0 to {last}")
    if options.json:
        _print_json({"ok": True, **describe_protocol(experiment)})
    else:
        print(protocol_text(experiment, options.circuit))


def _run(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    parameters = _parameters(options)
    built = [  # all are checked before one runs
        api.build(
            s,
            options.shots,
            parameters=parameters,
            target=options.target,
            seed=options.seed,
            random_questions=options.random_questions,
        )
        for s in options.specs
    ]
    results = []
    for one in built:
        with _progress(options, one.spec.name) as progress:
            result = api.run(
                one,
                target=options.target,
                seed=options.seed,
                runs=options.runs,
                confidence=options.confidence,
                progress=progress,
            )
        results.append(result)
    if len(results) == 1:
        _show_result(options, results[0])
        return
    summaries = [result.summary for result in results]
    if options.json:
        _print_json({"ok": True, "runs": summaries})
    else:
        from qcoord_hw.report.tables import print_overview

        print_overview(summaries, _console())


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of linear computations that the command line states."""
    parameters: dict[str, Any] = {}
    if options.inputs is not None and options.inputs_file is not None:
        raise InputError("inputs: --inputs and --inputs-file; allowed is one of them")
    if options.inputs is not None:
        parameters["inputs"] = options.inputs
    if options.inputs_file is not None:
        from qcoord_hw.theory.linear_computation.specs import read_inputs

        parameters["inputs"] = read_inputs(Path(options.inputs_file))
    for name in ("rounds", "rate"):
        if getattr(options, name) is not None:
            parameters[name] = getattr(options, name)
    if options.auxiliary is not None:
        parameters["auxiliary"] = tuple(name for name in options.auxiliary.split(",") if name)
    return parameters | _coordination(options)


def _coordination(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of coordination protocols that the command line states."""
    stated = {
        "network": options.network,
        "n": options.copies,
        "protocol": options.protocol,
        "time_limit": options.time_limit,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _theory_check(options: argparse.Namespace) -> None:
    from qcoord_hw.answers import theory_check

    found = theory_check(options.file)
    if not found["holds"]:
        wrong = [*found["violations"], *([found["lower_bound"]] if "refuted" in found["lower_bound"] else [])]
        raise InputError(f"{options.file}: does not hold: {'; '.join(wrong)}")
    if options.json:
        _print_json(found)
    else:
        print(f"{options.file}: what it claims to reach holds; lower bound {found['lower_bound']}")


def _theory_game(options: argparse.Namespace) -> None:
    from qcoord_hw.answers import theory_game
    from qcoord_hw.report.theory_games import game_theory_text

    answer = theory_game(
        options.game,
        level=options.level,
        seed=options.seed,
        time_limit=options.time_limit,
        win=options.win,
    )
    if options.json:
        _print_json(answer)
    else:
        print(game_theory_text(answer))


def _theory_linear(options: argparse.Namespace) -> None:
    from qcoord_hw.answers import theory_linear
    from qcoord_hw.report.theory import linear_theory_text

    answer = theory_linear(options.task, time_limit=options.time_limit)
    if options.json:
        _print_json(answer)
    else:
        print(linear_theory_text(answer))


def _theory_region(options: argparse.Namespace) -> None:
    from qcoord_hw.answers import theory_region
    from qcoord_hw.report.theory_regions import region_text

    answer = theory_region(
        options.state,
        options.network,
        at=None if options.at is None else _rates(options.at),
        frontier=options.frontier,
        plot=options.plot,
        seed=options.seed,
        time_limit=options.time_limit,
    )
    if options.json:
        _print_json(answer)
    else:
        print(region_text(answer))
        if options.plot is not None:
            print(f"figure: {options.plot}")


def _rates(text: str) -> dict[str, float]:
    rates = {}
    for item in text.split(","):
        name, _, value = item.partition("=")
        try:
            if name.strip() in rates:
                raise InputError(f"at: {shown(name.strip())} stands there twice; allowed is once")
            rates[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"at: {shown(item)}; allowed are rates such as Q1=1.8,E1=.8") from None
    return rates


def _theory_schumacher(options: argparse.Namespace) -> None:
    from qcoord_hw.answers import theory_schumacher
    from qcoord_hw.report.theory_regions import schumacher_text

    answer = theory_schumacher(options.spectrum.split(","), options.n, options.rate)
    if options.json:
        _print_json(answer)
    else:
        print(schumacher_text(answer))


def _collect(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with _progress(options, "collect") as progress:
        result = api.collect(options.run, runs=options.runs, confidence=options.confidence, progress=progress)
    _show_result(options, result)


def _play(options: argparse.Namespace) -> None:
    if not 1 <= options.rounds <= 100_000:
        raise InputError(f"rounds: {options.rounds}; allowed are 1 to 100000")
    if not 0 <= options.delay <= 60:
        raise InputError(f"delay: {options.delay}; allowed are 0 to 60 seconds")

    import time
    from dataclasses import asdict

    from qcoord_hw.record import interpreting
    from qcoord_hw.report.play import closing_line, play_lines, rounds
    from qcoord_hw.theory.games import GamePlay

    found = _played(options).record
    seed = found.intent["seed"] if options.seed is None else options.seed
    with interpreting(found.path):
        play = GamePlay.from_json(found.intent["experiment"]["play"])
        played = list(rounds(found, seed, options.rounds))
    if options.json:
        last = played[-1].wins if played else 0
        _print_json(
            {
                "ok": True,
                "run": str(found.path),
                "seed": seed,
                "rounds": [asdict(one) for one in played],
                "wins": round(last) if play.game.score is None else last,
                "played": len(played),
                "classical": play.bound.value,
            }
        )
        return
    for line in play_lines(played, play):
        print(line, flush=True)
        time.sleep(options.delay)
    print(closing_line(played[-1] if played else None, play))


def _played(options: argparse.Namespace) -> Result:
    """Return the finished run of a game that `play` names, after running it if it is no run yet."""
    from qcoord_hw import api
    from qcoord_hw.execution.run import check_seed
    from qcoord_hw.report.words import GAME

    if options.seed is not None:
        check_seed(options.seed)
    if options.game == "latest" or os.path.isdir(options.game):
        if options.target is not None:
            raise InputError(f"target: {shown(options.target)}; allowed is none for a run")
        result = api.load_run(options.game, runs=options.runs)
        if result.summary["play"] != GAME:
            kind = result.summary["play"].replace("-", " ")
            raise InputError(f"run: {shown(options.game)} is of kind {kind}; allowed are runs of games")
        if not result.record.sealed:
            raise InputError(f"run: {shown(options.game)} is unfinished; `qcoord collect` finishes it")
        return result
    built = api.build(options.game, options.rounds, target=options.target or "aer", seed=options.seed)
    if (kind := built.experiment.play.to_json()["kind"]) != GAME:
        words = kind.replace("-", " ")
        raise InputError(f"game: {shown(options.game)} is of kind {words}; allowed are games")
    with _progress(options, built.spec.name) as progress:
        return api.run(
            built, target=options.target or "aer", seed=options.seed, runs=options.runs, progress=progress
        )


def _report(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    result = api.load_run(options.run, runs=options.runs, confidence=options.confidence)
    page = api.write_report(result, options.html)
    if options.json:
        _print_json(result.summary | {"html": str(page)})
    else:
        _print_result(result)
        print(f"HTML report: {page}")


def _verify(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.errors import RecordError

    found = api.verify(options.run, execute=options.execute, runs=options.runs)
    if not found["ok"]:
        raise RecordError(f"run {Path(found['run']).name} differs: " + "; ".join(found["differs"]))
    if options.json:
        _print_json(found)
    else:
        again = "; executed again, nothing moved" if options.execute else ""
        print(f"{found['run']}: record intact, estimates recomputed, report: {found['report']}{again}")


def _replay(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with _progress(options, "replay") as progress:
        result = api.replay(
            options.run,
            target=options.target,
            runs=options.runs,
            confidence=options.confidence,
            progress=progress,
        )
    _show_result(options, result)


def _compare(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.report.tables import print_differences

    found = api.compare(*options.run, runs=options.runs, confidence=options.confidence)
    if options.json:
        _print_json(found)
    else:
        print_differences(found, _console())


def _show_result(options: argparse.Namespace, result: Result) -> None:
    if options.json:
        _print_json(result.summary)
    else:
        _print_result(result)


def _print_result(result: Result) -> None:
    from qcoord_hw.report.tables import print_summary

    print_summary(result.summary, _console())


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 100, highlight=False)


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, allow_nan=False))


@contextmanager
def _progress(options: argparse.Namespace, name: str) -> Iterator[Progress | None]:
    """Yield what draws a progress bar on standard error, or None where that is not a terminal."""
    if options.json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, planned: bars.update(task, completed=done, total=planned)


if __name__ == "__main__":
    script()
