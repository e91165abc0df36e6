"""Kills `qcoord`, on a device that cannot be searched, wherever it or the device changes a file.

    python killed_own.py FOLDER EVERY [POINT,..] [--every-edge]

with `examples/own_device` on the path. The points are those of `ibm/killed.py`, each or every EVERY-th one;
given words, only those whose names have one of them. What is submitted may be on every coupling.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from pathlib import Path

from qcoord_hw import record

HERE = Path(__file__).parent


LINKS = """
[links."A->User"]
dephasing = 0.2
"""
"""A link that errs: where all points are asked for there are patterns of gates as well."""


def main() -> None:
    """Step through `submit`; at all points also through a `collect` that has everything still to do."""
    loaded = importlib.util.spec_from_file_location("killed", HERE / "ibm" / "killed.py")
    assert loaded is not None
    assert loaded.loader is not None
    killed = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(killed)
    killed.ENVIRONMENT["OWN_DEVICE_JOBS"] = "{}/device"
    killed.ENVIRONMENT["XDG_STATE_HOME"] = "{}/state"
    folder, every, options = Path(sys.argv[1]), int(sys.argv[2]), [a for a in sys.argv if a[:2] == "--"]
    words = [a for a in sys.argv[3:] if a not in options]
    spec = folder / "sum-killed.toml"
    text = killed.SPEC.replace("shots = 6", "shots = 200").replace("inputs = 2", "inputs = 1")
    spec.write_text(text + (LINKS if len(sys.argv) == 3 else ""))
    killed.import_everything()
    import own_device  # noqa: F401
    import qiskit_aer  # noqa: F401

    import qcoord_hw.execution.devices.backends  # noqa: F401

    gc.freeze()  # less to copy in each fork
    submit = ["submit", str(spec), "--target", "own:five_qubits", "--jobs", "1", "--seed", "7", "--json"]
    submit += options
    for at in range(1, 100):  # up to where there is a draft, and nothing else
        draft = folder / f"draft-{at}" / "runs"
        draft.parent.mkdir()
        killed.run(submit, draft, at)
        if list(record.every(draft)):
            break
    killed.ONLY = tuple(words[0].split(",")) if words else ()
    killed.step_through(folder, every, "submit", submit)
    if not killed.ONLY:
        killed.step_through(folder, every, "collect", ["collect", "--json"], draft)


if __name__ == "__main__":
    main()
