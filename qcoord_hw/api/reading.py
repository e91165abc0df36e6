"""What is done with runs that are there: load, verify, compare, export, report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from qcoord_hw import record, registry
from qcoord_hw.api.finding import RunLike, RunsLike, find_run, find_runs
from qcoord_hw.api.importing import check_imported, refuse_imported
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.inputs import parse_json
from qcoord_hw.provenance import RULES
from qcoord_hw.report.comparison import Comparison, differences
from qcoord_hw.report.export import Row
from qcoord_hw.report.output_files import check_figure, check_place, write_figure, write_whole
from qcoord_hw.report.revision import split_by_rules, without_new_words
from qcoord_hw.report.sweep import SweepResult
from qcoord_hw.report.verification import Rules, Verification
from qcoord_hw.spec import spec_from_mapping
from qcoord_hw.statistics.estimate import Limits
from qcoord_hw.watching import watching

if TYPE_CHECKING:
    from qcoord_hw.execution.recorded import Recorded
    from qcoord_hw.report.export import Exported

REPORT, PAGE = "report.json", "report.html"


def load_run(
    path: RunLike, *, runs: str | Path | None = None, confidence: float = DEFAULT_CONFIDENCE
) -> Result:
    """Load a run by its folder, a unique prefix of its name, or `latest`; of a result, the run as it is now.

    Raises:
        RecordError: when no run or more than one fits, or the record is damaged.
    """
    return Result(find_run(path, runs), confidence)


@watching("verify")
def verify(path: RunLike, *, execute: bool = False, runs: str | Path | None = None) -> Verification:
    """Recompute every estimate of a run from raw counts, and compare with what `report` wrote.

    Args:
        path: a run's folder, a unique prefix, `latest`, or a result.
        execute: also build, compile and execute the run again at its seed, and compare with the record.
        runs: the folder of all runs.

    Raises:
        RecordError: when the record is damaged, or does not fit its spec, its network or itself.
    """
    found = find_run(path, runs)
    if execute:
        refuse_imported(found, "execute")
    if not found.sealed:
        raise RecordError(
            f"run {found.path.name}: unfinished; {found.how_to_finish}, then it can be verified"
        )
    recorded = _check(found)
    written = _read_report(found.path)
    confidence = DEFAULT_CONFIDENCE if written is None else _confidence_of(written)
    result = Result(found, confidence)
    summary = result.summary
    early = written is not None and written.get("state") == "unfinished"
    rules = Rules(found.rules, None if written is None else _rules_of(written), RULES)
    changed, differs = list[str](), list[str]()
    if written is not None and not early:
        computed = without_new_words(written, json.loads(json.dumps(summary)))
        changed, written, computed = split_by_rules(written, computed, _rules_of(written), RULES)
        differs = _changes(written, computed)
    if execute:
        if found.is_on_device:
            raise InputError(
                "execute: this run was made on a device, where nothing is repeated; "
                "allowed is verify without it"
            )
        differs += _execute_again(found)
    return Verification(
        run=str(found.path),
        report="none written" if written is None else "written before the end" if early else "compared",
        rules=rules,
        changed_by_rules=changed,
        executed=execute,
        differs=differs,
        locality=None if recorded is None else recorded.locality,
        protocol=recorded,
        estimates=result.estimates,
        checks=result.checks,
    )


def compare(
    *paths: RunsLike,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    plot: str | Path | None = None,
    html: str | Path | None = None,
) -> Comparison:
    """Return the differences of the estimates of several runs of one experiment from the first one's.

    Args:
        paths: two or more runs: folders, unique prefixes, `latest`, results, or a sweep or its folder.
        runs: the folder of all runs.
        confidence: two-sided confidence level of each interval, and of all differences together.
        plot: a file for a figure of them (.png, .svg or .pdf).
        html: a file for a page of them.

    Raises:
        InputError: when the runs are not finished runs of one experiment, or the figure cannot be written.
        RecordError: when a run is not found or damaged.
    """
    if plot is not None:
        check_figure(Path(plot))
    if html is not None:
        check_place("html", Path(html))
    results = [Result(found, confidence) for found in find_runs(paths, runs)]
    records = [result.record for result in results]
    found = differences(
        [result.summary for result in results],
        lambda level: [Result(one, level).summary for one in records],
        lambda i, level: _paired(records[0], records[i], level),
    )
    if plot is not None:
        write_figure(found.plot(), Path(plot))
    if html is not None:
        write_whole("html", Path(html), found.html().encode())
    return found


def _paired(before: record.RunRecord, after: record.RunRecord, confidence: float) -> Mapping[str, Limits]:
    """Return the limits of differences of two runs that had the same inputs."""
    kinds = [one.intent["experiment"]["play"]["kind"] for one in (before, after)]
    if kinds[0] != kinds[1]:
        return {}
    return registry.family_of_kind(kinds[0]).paired(before, after, confidence)


def export_csv(
    path: RunsLike,
    csv: str | Path | TextIO,
    *,
    estimates: bool = False,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Exported:
    """Write what runs counted as a table, one row per chunk and outcome, and return how many rows it has.

    Args:
        path: a run's folder, a unique prefix, `latest` or a result; a sweep or its folder; or several of
            them, of any families.
        csv: the file, or an open one; an existing one is replaced, unless it is part of a record.
        estimates: write a row an estimate instead; the run must be finished.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the estimates' intervals.

    Raises:
        InputError: when the file cannot be written, no run is named, or an unfinished run is asked for
            estimates.
        RecordError: when the run is not found or damaged.
    """
    from qcoord_hw.report import export
    from qcoord_hw.statistics.binomial import check_confidence

    check_confidence(confidence)
    place = Path(csv) if isinstance(csv, (str, Path)) else csv
    if isinstance(place, Path):
        check_place("csv", place)
    found = find_runs([path], runs)
    if not found:
        raise InputError("run: none; allowed is at least one run")
    columns = export.ESTIMATE_COLUMNS if estimates else export.count_columns(found)
    rows: Iterable[Row]
    if estimates:  # all of them, before a line is written
        rows = [row for one in found for row in export.estimate_rows(one, Result(one, confidence).summary)]
    else:
        rows = (row for one in found for row in export.count_rows(one))
    written = export.write_csv(place, columns, rows)
    name = str(place) if isinstance(place, Path) else getattr(place, "name", "")
    of = [str(one.path) for one in found]
    return export.Exported(
        run=of[0] if len(of) == 1 else None,
        runs=of if len(of) > 1 else None,
        csv=str(name),
        written=written,
    )


def write_report(result: RunLike, html: str | Path | None = None, *, runs: str | Path | None = None) -> Path:
    """Write `derived/report.json` and the HTML page of a run, and return the page's path.

    Args:
        result: a result, which is written as it is; or a run's folder, a unique prefix or `latest`.
        html: where the page goes; `derived/report.html` in the run's folder if omitted.
        runs: the folder of all runs.

    Raises:
        InputError: when the folder cannot be written.
        RecordError: when a recorded circuit does not keep to its network.
    """
    result = result if isinstance(result, Result) else load_run(result, runs=runs)
    if not result.record.is_draft:
        _check(result.record, rebuild=False)
    page = Path(html) if html else result.path / record.DERIVED / PAGE
    record.derive(result.path, REPORT, (json.dumps(result.summary, indent=1) + "\n").encode())
    if html:
        check_place("html", page)  # before it is drawn
        write_whole("html", page, result.html().encode())
    else:
        record.derive(result.path, PAGE, result.html().encode())
    return page


def check_outputs(html: str | None, plot: str | None = None, csv: str | None = None) -> None:
    """Check where files are to go, before anything is computed.

    Raises:
        InputError: when one of them can be no file there.
    """
    if plot is not None:
        check_figure(Path(plot))
    for field, name in (("html", html), ("csv", csv)):
        if name is not None:
            check_place(field, Path(name))


def write_sweep(
    found: SweepResult,
    *,
    html: str | Path | None = None,
    plot: str | Path | None = None,
    csv: str | Path | None = None,
) -> None:
    """Write what a sweep found: a page, a figure of curves, a table with a row for each estimate.

    Args:
        found: the sweep.
        html: a file for the page.
        plot: a file for the figure (.png, .svg or .pdf).
        csv: a file for the table.

    Raises:
        InputError: when a file cannot be written.
    """
    if html is not None:
        write_whole("html", Path(html), found.html().encode())
    if plot is not None:
        write_figure(found.plot(), Path(plot))
    if csv is not None:
        from qcoord_hw.report.export import merged, write_csv

        rows = [dict(row) for row in found.rows()]
        columns: list[str] = []
        for row in rows:
            columns = merged(columns, list(row))
        write_csv(Path(csv), columns, rows)


def write_sweep_report(found: SweepResult, html: str | Path | None = None) -> Path:
    """Write the HTML page of a sweep, and return its path.

    Args:
        found: the sweep.
        html: where the page goes; `derived/report.html` in the sweep's folder if omitted.

    Raises:
        InputError: when the file cannot be written.
    """
    folder = Path(found.sweep)
    if html is None:
        record.derive(folder, PAGE, found.html().encode())
        return folder / record.DERIVED / PAGE
    check_place("html", Path(html))
    write_sweep(found, html=html)
    return Path(html)


def _check(found: record.RunRecord, *, rebuild: bool = True) -> Recorded | None:
    """Check a record against its circuits, or an imported one against its file.

    Raises:
        RecordError: naming what does not fit.
    """
    if found.is_imported:
        check_imported(found)
        return None
    from qcoord_hw.execution.recorded import check_recorded

    return check_recorded(found, rebuild=rebuild)


def _execute_again(found: record.RunRecord) -> list[str]:
    from qcoord_hw.execution.run import moved
    from qcoord_hw.execution.run_description import PYTHON, prepared_of, program_of, recorded_program
    from qcoord_hw.execution.scale import split_scale
    from qcoord_hw.execution.targets import NoiseTarget, RecordedTarget, resolve_target
    from qcoord_hw.families.experiment import build_experiment

    prepared = prepared_of(found)
    RecordedTarget(prepared)  # a backend or sampler may be called like a simulator of ours
    name, scale = split_scale(found.intent["target"]["name"])
    idle_noise = prepared.idle_noise
    target = (
        NoiseTarget(prepared.chip, scale, name, idle_noise=idle_noise)
        if prepared.chip
        else resolve_target(prepared.target, idle_noise=idle_noise)
    )
    spec: dict[str, Any] = found.intent["spec"]
    if spec["family"] != PYTHON:
        read = spec_from_mapping(spec, "recorded spec")
        program = program_of(build_experiment(read), read.links)
    else:
        program = recorded_program(found)
    return moved(found, program, target)


def _read_report(path: Path) -> dict[str, Any] | None:
    content = record.derived(path, REPORT)
    if content is None:
        return None
    try:
        written = parse_json(content)
    except ValueError:
        raise RecordError(
            f"run {path.name}: derived/report.json is not valid JSON; write it anew with report"
        ) from None
    if not isinstance(written, dict):
        raise RecordError(
            f"run {path.name}: derived/report.json is not a JSON object; write it anew with report"
        )
    return written


def _rules_of(written: dict[str, Any]) -> int:
    """Return the version of the rules that a report follows; those of old state none."""
    rules = written.get("rules", 1)
    return rules if isinstance(rules, int) and not isinstance(rules, bool) else 1


def _confidence_of(written: dict[str, Any]) -> float:
    try:
        return float(written["estimates"][0]["confidence"])
    except (KeyError, IndexError, TypeError, ValueError):
        return DEFAULT_CONFIDENCE


def _changes(written: Any, computed: Any, where: str = "") -> list[str]:
    """Return a line for each value of `written` that differs from `computed`; the folder's path may."""
    if isinstance(written, dict) and isinstance(computed, dict):
        keys = [k for k in dict.fromkeys([*written, *computed]) if (where, k) != ("", "run")]
        return [
            line
            for k in keys
            for line in _changes(written.get(k), computed.get(k), f"{where}.{k}".lstrip("."))
        ]
    if isinstance(written, list) and isinstance(computed, list) and len(written) == len(computed):
        return [
            line
            for i, pair in enumerate(zip(written, computed, strict=True))
            for line in _changes(*pair, f"{where}[{_name(pair[1], i)}]")
        ]
    return [] if written == computed else [f"{where}: report {written!r}, recomputed {computed!r}"]


def _name(value: Any, position: int) -> str:
    return str(value["name"]) if isinstance(value, dict) and "name" in value else str(position)
