"""Theory from Python: what `qcoord theory` prints. No circuit is built and Qiskit is not loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError
from qcoord_hw.spec import one_line

if TYPE_CHECKING:
    from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_TIME_LIMIT = 1_000_000
"""Seconds."""


def theory_linear(
    task: str | Path | LinearTask, *, time_limit: float = 60.0, seed: int = 0
) -> dict[str, Any]:
    """Return what theory says of a linear computation: what `qcoord theory linear --json` prints.

    Args:
        task: a catalogue name, a path of a task file (`.json`) or spec (`.toml`), or a task.
        time_limit: seconds for everything; what is not proved by then is an interval.
        seed: of the searches.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    from qcoord_hw.report.theory import linear_theory
    from qcoord_hw.theory.linear_computation.specs import FAMILY, task_of
    from qcoord_hw.theory.linear_computation.task import LinearTask, read_task

    if not 0 < time_limit <= MAX_TIME_LIMIT:
        raise InputError(f"time-limit: {time_limit!r}; allowed are seconds above 0 up to {MAX_TIME_LIMIT}")
    if isinstance(task, LinearTask):
        return linear_theory(task, time_limit, seed)
    if str(task).endswith(".json"):
        return linear_theory(read_task(Path(task)), time_limit, seed)
    spec = load_spec(str(task))
    if spec.family != FAMILY:
        raise InputError(f"task: {spec.name!r} is of family {spec.family}; allowed is a linear computation")
    return linear_theory(task_of(spec), time_limit, seed)


def theory_check(path: str | Path) -> dict[str, Any]:
    """Return what an independent checker says of an answer that `qcoord theory linear --json` printed.

    Args:
        path: a file with V, P, M, c, c_lower and the certificate.

    Returns:
        `holds`, `violations` (a line for each condition that fails), `lower_bound` (`confirmed`,
        `refuted: ..` or `not rechecked: ..`).

    Raises:
        InputError: when the file cannot be read or lacks a field.
    """
    from qcoord_hw.theory.linear_computation.checker import check_claim, check_lower_bound

    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        matrices, precoders = list(data["V"].values()), list(data["P"].values())
        order, poly = data["field"], data.get("irreducible_poly")
        violations = check_claim(order, matrices, precoders, data["M"], data["c"], poly)
        bound = check_lower_bound(order, matrices, data["c_lower"], data["certificate"], poly)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); allowed is a JSON file") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(
            f"{path}: {type(error).__name__} {one_line(error)}; allowed is what "
            "`qcoord theory linear --json` prints"
        ) from None
    holds = not violations and not bound.startswith("refuted")
    return {"ok": True, "holds": holds, "violations": violations, "lower_bound": bound}
