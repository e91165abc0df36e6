"""One point of a sweep, computed: the part that workers on this machine and on a cluster have in common."""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import QcoordError, TargetError
from qcoord_hw.spec import ExperimentSpec, canonical_json, one_line, spec_from_mapping

if TYPE_CHECKING:
    from qcoord_hw import api

Task = dict[str, Any]
"""`spec`, `target`, `seed` and `idle_noise` of a point; `run`, the folder of a run that was begun; or `cell`,
`spec`, `target` and `idle_noise` of one of an atlas."""

Outcome = dict[str, Any]
"""`run`, the folder of the sealed run; `cell`, what an atlas says there; or `error` and `exit_code`."""


def attempt(task: Task, folder: Path) -> Outcome:
    """Compute a point, or finish its run, in a folder of runs; whatever goes wrong is its outcome."""
    from qcoord_hw import api

    try:
        if "cell" in task:
            from qcoord_hw.sweeps.cell import cell_of

            asked = task["cell"]
            spec = _spec(canonical_json(asked["spec"]))
            return {"cell": cell_of(spec, asked["target"], idle_noise=asked["idle_noise"])}
        if "run" in task:
            found = api.collect(task["run"])
            if not found.record.sealed:  # of a device, whose jobs nobody waits for a second time
                name = found.path.name
                return failed(
                    f"run {name} is on its device; {found.record.how_to_finish}, then the same sweep"
                )
            return {"run": str(found.path)}
        how = {key: task[key] for key in ("target", "seed", "idle_noise")}
        return {"run": str(api.run(_built(canonical_json(task["spec"])), runs=folder, **how).path)}
    except QcoordError as error:
        return failed(one_line(error), error.exit_code)
    except Exception as error:  # of one point: the others are to go on
        return failed(f"{type(error).__name__}: {one_line(error)}")


@lru_cache(maxsize=8)  # point after point of a sweep has the same
def _built(spec: str) -> api.Built:
    """Build the experiment of a spec, given as JSON."""
    from qcoord_hw import api

    return api.Built.of(_spec(spec))


def _spec(text: str) -> ExperimentSpec:
    """Return the spec of a task, given as JSON: a task may hold tuples where JSON has lists."""
    return spec_from_mapping(json.loads(text), "sweep")


def failed(words: str, exit_code: int = TargetError.exit_code) -> Outcome:
    """Return the outcome of a point that failed."""
    return {"error": words, "exit_code": exit_code}


def attempt_anywhere(task: Task) -> Outcome:
    """Compute a point in a folder of its own that is then removed.

    Returns:
        As `attempt`, with `files`: relative name -> content of the sealed run, whose name is `run`.
    """
    with tempfile.TemporaryDirectory(prefix="qcoord-") as folder:
        outcome = attempt(task, Path(folder))
        if "run" not in outcome:
            return outcome
        path = Path(outcome["run"])
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {
            "run": path.name,
            "files": {file.relative_to(path).as_posix(): file.read_bytes() for file in files},
        }
