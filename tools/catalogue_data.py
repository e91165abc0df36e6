"""What the pages of the catalogue say, `docs/catalogue.json`.

`python tools/catalogue_data.py [NAME ..]` writes it anew.
For every entry the text of `qcoord show`, and what four device snapshots are expected to make of it: exact
outcome probabilities of the circuits as they would be placed, with calibrated readout, without idle noise;
no shots. Building
and placing everything takes many minutes, so the site reads the file; names write these entries alone,
`--missing` those that are not there yet.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from qcoord_hw.api import build
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.errors import QcoordError
from qcoord_hw.execution.forecast import Forecast
from qcoord_hw.execution.needs import DEVICES
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.report.plan import Outlook
from qcoord_hw.report.protocol import describe_protocol, protocol_text

DATA = Path(__file__).resolve().parents[1] / "docs" / "catalogue.json"
LONGEST = 9000
"""Characters of a text of `qcoord show`; of a longer one the steps and the drawing are left out."""

SEED = 0
"""Of random inputs and searches, as `qcoord threshold` has it."""


def shown(name: str) -> dict[str, Any]:
    """Return what is said of a catalogue entry apart from devices."""
    experiment = build(name, seed=SEED).experiment
    text = protocol_text(experiment)
    about = describe_protocol(experiment)
    return {
        "title": about["title"],
        "network": about["topology"]["name"],
        "show": text if len(text) <= LONGEST else text.partition("\n\n")[0],
        "whole": len(text) <= LONGEST,
        "devices": {},
    }


def on_devices(name: str) -> dict[str, Any]:
    """Return what each snapshot is expected to make of an entry."""
    return {device: on_device(name, device) for device in DEVICES}


def on_device(name: str, device: str) -> dict[str, Any]:
    """Return what a snapshot is expected to make of an entry, or why it cannot run there."""
    try:
        built = build(name, target=device, seed=SEED)
        program = program_of(built.experiment, built.spec.links)
        about = describe(built.experiment)
        forecast = Forecast.of(about, program, built.spec, device, idle_noise=False)
        main, cost = Outlook(forecast).main, forecast.cost(forecast.prepared)
    except QcoordError as refusal:
        return {"refused": str(refusal)}
    return {
        "figure": main.title if main else None,
        "expected": main.best if main else None,
        "theory": main.theory.value if main and main.theory else None,
        "bound": main.bound.value if main and main.bound else None,
        "two_qubit_gates": cost.two_qubit_gates,
        "depth": cost.depth,
        "layout": list(forecast.prepared.layout),
    }


def write(names: list[str], *, missing: bool) -> None:
    """Write these entries, circuits first, since devices take minutes; what is there of others stays.

    Args:
        names: of the catalogue.
        missing: leave what is there of these, too.
    """
    found = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    for name in names:
        if name not in found or not missing:
            found[name] = shown(name)
            keep(found)
    for name in names:
        if not (missing and found[name]["devices"]):
            found[name]["devices"] = on_devices(name)
            keep(found)
            print(name, flush=True)


def keep(found: dict[str, Any]) -> None:
    """Write the file, an entry a line, in the order of the catalogue."""
    lines = [f"{json.dumps(n)}: {json.dumps(found[n])}" for n in catalogue_paths() if n in found]
    DATA.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Write the entries that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python tools/catalogue_data.py", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of the catalogue; by default every entry")
    parser.add_argument("--missing", action="store_true", help="only those that the file lacks")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in catalogue_paths()]:
        parser.error(f"{unknown[0]}: there is no such entry")
    write(options.names or list(catalogue_paths()), missing=options.missing)


if __name__ == "__main__":
    main()
