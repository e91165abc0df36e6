"""Take a theorem about a quantum network and see what today's chips make of it.

>>> import qcoord_hw as qc
>>> result = qc.run("chsh", target="aer", shots=1000, seed=7)
>>> result["win_probability"].verdict
'above'

Everything here is loaded when it is first used, so that `import qcoord_hw` is instant.
"""

import sys

_ASKED = sys.argv[0] if getattr(sys, "argv", None) else ""  # "-m" while Python looks for the module
if (
    any(word.partition(".")[0] == "qcoord_hw" for word in sys.orig_argv)
    if _ASKED == "-m"
    else _ASKED.removesuffix(".exe").endswith(("/qcoord", "\\qcoord"))
):  # a program of ours, and no user of the library
    import _signal  # type: ignore[import-not-found]  # in memory already, as `signal` is not

    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Ctrl-C is silent until `cli.script` has words for it

from qcoord_hw.version import __version__ as __version__  # noqa: E402 (first of all, Ctrl-C)

TYPE_CHECKING = False  # that of `typing`, without the time to load it
if TYPE_CHECKING:
    from typing import Any

    from qcoord_hw import network, theory
    from qcoord_hw.answer import Answer
    from qcoord_hw.api import (
        choose,
        collect,
        compare,
        convert,
        export_csv,
        load_run,
        plan,
        replay,
        resubmit,
        run,
        status,
        submit,
        threshold,
        verify,
        write_report,
    )
    from qcoord_hw.api.result import Result
    from qcoord_hw.api.theory import (
        Check,
        theory_check,
        theory_game,
        theory_linear,
        theory_region,
        theory_schumacher,
    )
    from qcoord_hw.errors import (
        InputError,
        LocalityError,
        QcoordError,
        RecordError,
        TargetError,
        TooLargeError,
    )
    from qcoord_hw.execution.devices.backends import BackendDevice
    from qcoord_hw.execution.devices.base import Device
    from qcoord_hw.families.coordination.answer import RegionAnswer, SchumacherAnswer
    from qcoord_hw.families.coordination.proof_steps import (
        theory_binning,
        theory_codebook,
        theory_redistribution,
        theory_resolvability,
    )
    from qcoord_hw.families.coordination.second_link import SecondLinkAnswer, theory_second_link
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.games.answer import GameAnswer
    from qcoord_hw.families.games.circuits import game_experiment, strategy_experiment
    from qcoord_hw.families.games.strategy_circuits import Strategy
    from qcoord_hw.families.linear_computation.answer import LinearAnswer
    from qcoord_hw.network import Link, NetworkCircuit, Topology
    from qcoord_hw.papers.answer import Reproduction
    from qcoord_hw.papers.reproduce import reproduce
    from qcoord_hw.report.atlas_answer import Atlas
    from qcoord_hw.report.choice_answer import Choice
    from qcoord_hw.report.comparison import Comparison
    from qcoord_hw.report.listing import experiments, runs, states, targets
    from qcoord_hw.report.plan_answer import Plan
    from qcoord_hw.report.sweep import SweepResult
    from qcoord_hw.report.threshold_answer import Threshold
    from qcoord_hw.report.verification import Verification
    from qcoord_hw.statistics.estimate import Estimate
    from qcoord_hw.sweeps import load_sweep, sweep
    from qcoord_hw.sweeps.atlas import atlas
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.value import Value

_HOMES = {
    "Answer": "answer",
    "Atlas": "report.atlas_answer",
    "Check": "api.theory",
    "Choice": "report.choice_answer",
    "Comparison": "report.comparison",
    "GameAnswer": "families.games.answer",
    "LinearAnswer": "families.linear_computation.answer",
    "Plan": "report.plan_answer",
    "Reproduction": "papers.answer",
    "RegionAnswer": "families.coordination.answer",
    "SchumacherAnswer": "families.coordination.answer",
    "SecondLinkAnswer": "families.coordination.second_link",
    "SweepResult": "report.sweep",
    "Threshold": "report.threshold_answer",
    "Verification": "report.verification",
    "atlas": "sweeps.atlas",
    "choose": "api",
    "collect": "api",
    "compare": "api",
    "convert": "api",
    "experiments": "report.listing",
    "export_csv": "api",
    "import_counts": "api",
    "load_run": "api",
    "load_sweep": "sweeps",
    "plan": "api",
    "replay": "api",
    "reproduce": "papers.reproduce",
    "resubmit": "api",
    "run": "api",
    "runs": "report.listing",
    "states": "report.listing",
    "status": "api",
    "submit": "api",
    "sweep": "sweeps",
    "targets": "report.listing",
    "theory_binning": "families.coordination.proof_steps",
    "theory_check": "api.theory",
    "theory_codebook": "families.coordination.proof_steps",
    "theory_game": "api.theory",
    "theory_linear": "api.theory",
    "theory_redistribution": "families.coordination.proof_steps",
    "theory_region": "api.theory",
    "theory_resolvability": "families.coordination.proof_steps",
    "theory_schumacher": "api.theory",
    "theory_second_link": "families.coordination.second_link",
    "threshold": "api",
    "verify": "api",
    "BackendDevice": "execution.devices.backends",
    "Device": "execution.devices.base",
    "Result": "api.result",
    "Estimate": "statistics.estimate",
    "InputError": "errors",
    "LocalityError": "errors",
    "QcoordError": "errors",
    "RecordError": "errors",
    "TargetError": "errors",
    "NetworkCircuit": "network",
    "Topology": "network",
    "Experiment": "families.experiment",
    "Strategy": "families.games.strategy_circuits",
    "game_experiment": "families.games.circuits",
    "strategy_experiment": "families.games.circuits",
    "Link": "network",
    "LinearTask": "theory.linear_computation.task",
    "TooLargeError": "errors",
    "Value": "theory.value",
    "network": "",
    "theory": "",
    "write_report": "api",
}

__all__ = [
    "Answer",
    "Atlas",
    "BackendDevice",
    "Check",
    "Choice",
    "Comparison",
    "Device",
    "Estimate",
    "Experiment",
    "GameAnswer",
    "InputError",
    "LinearAnswer",
    "LinearTask",
    "Link",
    "LocalityError",
    "NetworkCircuit",
    "Plan",
    "QcoordError",
    "RecordError",
    "RegionAnswer",
    "Reproduction",
    "Result",
    "SchumacherAnswer",
    "SecondLinkAnswer",
    "Strategy",
    "SweepResult",
    "TargetError",
    "Threshold",
    "TooLargeError",
    "Topology",
    "Value",
    "Verification",
    "atlas",
    "choose",
    "collect",
    "compare",
    "convert",
    "experiments",
    "export_csv",
    "game_experiment",
    "import_counts",
    "load_run",
    "load_sweep",
    "network",
    "plan",
    "replay",
    "reproduce",
    "resubmit",
    "run",
    "runs",
    "states",
    "status",
    "strategy_experiment",
    "submit",
    "sweep",
    "targets",
    "theory",
    "theory_binning",
    "theory_check",
    "theory_codebook",
    "theory_game",
    "theory_linear",
    "theory_redistribution",
    "theory_region",
    "theory_resolvability",
    "theory_schumacher",
    "theory_second_link",
    "threshold",
    "verify",
    "write_report",
]


class _Moved:
    """Asked by Python for modules that it finds nowhere else."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> "Any":
        """Return where a module is that has moved since the last release."""
        if not name.startswith("qcoord_hw."):
            return None
        from qcoord_hw.moved import find

        return find(name)


sys.meta_path.append(_Moved)


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'qcoord_hw' has no attribute {name!r}")
    import importlib

    home = _HOMES[name]
    if not home:
        return importlib.import_module(f"qcoord_hw.{name}")
    return getattr(importlib.import_module(f"qcoord_hw.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
