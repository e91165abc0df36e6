"""What `--json` printed before the results were objects, for about thirty commands of every kind.

`python tools/json_contract.py FILE` records them anew, which is only right where the contract changes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "runs" / "reference"
RECORDED = ROOT / "tests" / "api" / "json_before.json"

RUNS = {
    "chsh-aer": "20261122T100311Z-853e514d-aer",
    "chsh-torino": "20261122T100312Z-853e514d-fake_torino",
    "sum": "20261122T100314Z-6029d992-aer",
    "ghz-3": "20261122T100311Z-49af83fd-aer",
}

COMMANDS = (
    "theory schumacher --spectrum .8,.2 --n 1000 --rate .75",
    "theory schumacher --spectrum 1/3,1/3,1/3 --n 20 --rate 1.2",
    "theory linear sum-2-f3 > sum.json",
    "theory linear example-1-f4",
    "theory game chsh --win .8 > chsh.json",
    "theory game ghz-3 --level 1",
    "theory region example-1 --network cascade --at Q1=1.6,E1=0,Q2=1.6,E2=0",
    "theory region epr --network two-node > epr.json",
    "theory region dsbs --network two-node --frontier 3 --at R0=1,R1=1",
    "theory region ghz --network cascade",
    "theory region two-pairs:p=0.5,q=0.5 --network multiple-access",
    "theory check sum.json",
    "theory check chsh.json",
    "theory check epr.json",
    "plan chsh",
    "plan chsh --target fake_manila --shots 100 --jobs 3 --no-idle-noise",
    "plan ghz-3 --target fake_manila --layout 1,2,3 --no-idle-noise",
    "plan sum-2-f3 --target fake_manila --seed 1 --inputs 4 --no-idle-noise",
    "plan two-node-n1 --target fake_manila --no-idle-noise",
    "compare {chsh-aer} {chsh-torino}",
    "compare {chsh-aer} {chsh-torino} {chsh-aer}",
    "verify {chsh-aer}",
    "verify {ghz-3} --execute",
    "export {chsh-aer} --csv counts.csv",
    "export {chsh-aer} {sum} --csv estimates.csv --estimates",
    "report {chsh-torino}",
    "status {sum}",
    "collect {sum}",
    "replay {chsh-aer} --runs made",
    "run chsh --shots 50 --seed 7 --runs made",
    "run chsh ghz-3 --shots 50 --seed 7 --runs made",
    "run two-node-n1 --shots 50 --seed 1 --runs first",
    "run two-node-n1 --shots 50 --seed 2 --runs second",
    "compare {first} {second}",
    "sweep chsh --seeds 1,2 --shots 50 --set rounds=1,2 --workers 1 --runs made",
)
"""`> FILE` keeps what is printed; {NAME} is a run of reference, or the only one of that folder."""

TIME = re.compile(r"\d{8}T\d{6}Z|\d{4}-\d\d-\d\dT[\d:]+\+00:00|(?<=-aer)-\d+$")
"""Also the number that tells runs of one second apart."""


def outputs(folder: Path) -> dict[str, Any]:
    """Return command -> what it prints as JSON, without what depends on place and time."""
    from qcoord_hw.cli import main

    shutil.copytree(REFERENCE, folder / "runs")
    found = {}
    for command in COMMANDS:
        line, _, file = command.partition(" > ")
        fresh = {name: f"{name}/{p.name}" for name in ("first", "second") for p in folder.glob(f"{name}/*")}
        words = line.format(**{k: f"runs/{v}" for k, v in RUNS.items()} | fresh).split()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            assert main([*words, "--json"]) == 0, command
        if file:
            (folder / file).write_text(printed.getvalue())
        found[command] = settled(json.loads(printed.getvalue()))
    return found


def settled(value: Any, key: str = "") -> Any:
    """Return JSON values without durations, times and digests; of a certificate its keys."""
    if key == "certificate" and isinstance(value, dict):
        return list(value)
    if isinstance(value, dict):
        return {k: settled(v, key if key == "seconds" else k) for k, v in value.items()}
    if isinstance(value, list):
        return [settled(v, key) for v in value]
    if key in ("seconds", "used") or (isinstance(value, str) and len(value) == 64):
        return type(value).__name__
    return TIME.sub("", value) if isinstance(value, str) else value


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        start = time.process_time()
        text = json.dumps(outputs(Path(place)), indent=None, separators=(",", ":"))
        print(f"{time.process_time() - start:.1f} s", file=sys.stderr)
    Path(sys.argv[1]).write_text(text)
