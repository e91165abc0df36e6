"""One cell of the atlas: an experiment on a device's snapshot, without shots."""

from __future__ import annotations

from typing import Any

from qcoord_hw.errors import QcoordError, TargetError
from qcoord_hw.spec import ExperimentSpec, one_line


def cell_of(spec: ExperimentSpec, target: str, *, idle_noise: bool = True) -> dict[str, Any]:
    """Return the figure of an experiment on a target, its threshold and its verdict, as plain JSON values.

    What does not fit, or has no threshold, says why; that is an answer, too.

    Args:
        spec: complete.
        target: a noise model by name.
        idle_noise: whether qubits that wait decay in it.

    Raises:
        TargetError: when the target fails.
    """
    from qcoord_hw.api import Built
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.run_description import describe, program_of
    from qcoord_hw.report.atlas_answer import BEATEN, NO_BOUND, NOT_BEATEN, UNFIT
    from qcoord_hw.report.plan import Outlook
    from qcoord_hw.report.threshold import find_factor

    found: dict[str, Any] = {
        **dict.fromkeys(
            ("figure", "title", "expected", "ideal", "bound", "factor", "lower", "upper", "capped")
        ),
        **dict.fromkeys(("two_qubit_gates", "qubits")),
        "verdict": UNFIT,
        "why": "",
    }
    try:
        built = Built.of(spec)
        program = program_of(built.experiment, built.spec.links)
        about = describe(built.experiment)
        forecast = Forecast.of(about, program, built.spec, target, idle_noise=idle_noise)
        outlook = Outlook(forecast)
    except TargetError:
        raise
    except QcoordError as error:
        return found | {"why": one_line(error)}
    found["two_qubit_gates"] = forecast.cost(forecast.prepared).two_qubit_gates
    found["qubits"] = max(circuit.num_qubits for circuit in program.circuits)
    main = outlook.main
    if main is None:
        return found | {"verdict": NO_BOUND, "why": "it has no figure"}
    found |= {"figure": main.name, "title": main.title, "expected": main.best}
    found["ideal"] = main.theory.value if main.theory else None
    if main.bound is None:
        return found | {"verdict": NO_BOUND, "why": "it has no bound"}
    margin = (main.best - main.bound.value) * (-1 if main.better == "less" else 1)
    found |= {"bound": main.bound.value, "verdict": BEATEN if margin > 0 else NOT_BEATEN}
    try:
        factor = find_factor(forecast, outlook)
    except TargetError:
        raise
    except QcoordError as error:
        return found | {"why": one_line(error)}
    return found | {
        "factor": factor.value,
        "lower": factor.lower,
        "upper": factor.upper,
        "capped": factor.capped,
    }
