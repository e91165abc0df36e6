"""The words of a summary, the same in tables, figures and pages."""

from __future__ import annotations

from pathlib import Path

from qcoord_hw.record.journal import INTENDED, LIVE
from qcoord_hw.record.reader import FOREIGN
from qcoord_hw.report.shapes import Check, JobJson, RunSummary
from qcoord_hw.statistics.words import number, number_exactly, p_words

CAUTION_BELOW = 1e-3
"""A check whose p-value is smaller than this is reported with a caution."""

KINDS = {"ideal": "ideal simulator", "noise-model": "noise model", "imported": "counts of others"}


def check_words(what: str, check: Check | None) -> str:
    """Return what a check found, with a caution where its p-value is small; or that it was not made.

    Args:
        what: the check's name, or what it looks for.
        check: what it found.
    """
    what = what.removeprefix("no_").replace("_", " ")
    if check is None:
        return f"{what} not tested: nothing to compare"
    if is_tomography(check):
        return (
            f"tomography: plug-in trace norm {number(check['value'])}; null mean "
            f"{number(check['null_mean'])}, 95% of {check['null_draws']} nulls below "
            f"{number(check['null_95'])}; exact for ideal circuits {number_exactly(check['ideal'])} "
            f"({check['method']})"
        )
    found = "CAUTION: signs of" if is_suspicious(check) else "no sign of"
    return f"{found} {what} (p {p_words(check['p_value'])}; {check['method']})"


def is_tomography(check: Check | None) -> bool:
    """Whether a check is a plug-in distance beside its null, which real devices are meant to exceed."""
    return check is not None and "null_mean" in check


def is_passed(check: Check | None) -> bool:
    """Whether a check was made and found nothing."""
    return check is not None and not is_tomography(check) and not is_suspicious(check)


def is_suspicious(check: Check | None) -> bool:
    """Whether a check deserves a caution."""
    return check is not None and not is_tomography(check) and bool(check["p_value"] < CAUTION_BELOW)


def unfinished_words(summary: RunSummary) -> str:
    """Return how far an unfinished run is, and what finishes it."""
    chunks, name = summary["chunks"], Path(summary["run"]).name
    finish = f"`qcoord collect {name}` finishes it"
    if "jobs" in summary:
        coming = [job["state"] for job in summary["jobs"] if job["state"] in LIVE]
        if not coming or (summary["stopped"] and set(coming) == {INTENDED}):
            return f"UNFINISHED: nothing is on the device; `qcoord submit {name}` sends what is missing"
        finish = f"`qcoord collect {name}` counts what came back"
    elif summary["kind"] in FOREIGN and ":" not in summary["target"]:  # which a record cannot build again
        finish = "in Python, `qc.collect(run, target=..)` with the same object finishes it"
    return f"UNFINISHED: {chunks['done']} of {chunks['planned']} chunks counted; {finish}"


def job_words(job: JobJson) -> str:
    """Return how far a job on a device is."""
    name = f"job {job['id'] or job['tag']}: {job['state']}"
    size = f"{job['circuits']} circuits of {job['shots']} shots"
    charged = "" if job["usage_seconds"] is None else f", {job['usage_seconds']:.3g} QPU seconds charged"
    twins = f", sent again as {', '.join(job['twins'])}, never counted" if job["twins"] else ""
    return f"{name}, {size}{charged}{twins}" + (f" ({job['reason']})" if job["reason"] else "")


def source_words(summary: RunSummary) -> str:
    """Return which file imported counts are from; nothing of a run that was executed."""
    if "source" not in summary:
        return ""
    source = summary["source"]
    order = f", bit order {source['bit_order']}" if source["bit_order"] else ""
    return f"{source['file']} ({source['format']}, {source['rows']} rows{order}), sha256 {source['sha256']}"


def target_words(summary: RunSummary) -> str:
    """Return where the circuits ran."""
    kind = "device" if "options" in summary else KINDS.get(summary["kind"], summary["kind"])
    return f"{summary['target']} ({kind})"
