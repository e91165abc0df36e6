"""The package from Python: build, plan, run, submit, load, compare. The command line only calls this."""

from qcoord_hw.api.building import Built, build
from qcoord_hw.api.choices import choose
from qcoord_hw.api.converting import convert
from qcoord_hw.api.importing import import_counts
from qcoord_hw.api.planning import plan
from qcoord_hw.api.reading import (
    check_outputs,
    compare,
    export_csv,
    load_run,
    verify,
    write_report,
    write_sweep,
    write_sweep_report,
)
from qcoord_hw.api.running import collect, replay
from qcoord_hw.api.running import run as _run
from qcoord_hw.api.submitting import is_strangers, resubmit, status, submit, unfinished
from qcoord_hw.api.thresholds import threshold
from qcoord_hw.watching import watching

run = watching("run")(_run)  # in a notebook: building may take as long as running

__all__ = [
    "check_outputs",
    "write_sweep",
    "write_sweep_report",
    "Built",
    "build",
    "choose",
    "collect",
    "compare",
    "convert",
    "export_csv",
    "import_counts",
    "is_strangers",
    "load_run",
    "plan",
    "replay",
    "resubmit",
    "run",
    "status",
    "submit",
    "threshold",
    "unfinished",
    "verify",
    "write_report",
]
