"""The certificates of `best_at_n` that come with the package: of the catalogue's tasks on links of bits.

`python tools/converses.py` says which of them are missing, or no longer about their task; with `--write` it
makes them anew, all or those that are named (minutes to half an hour each: a search for codes, and for two
of them a tree of boxes). One file a task in `qcoord_hw/theory/finite_blocklength/converses/data/`, and
`index.json`, by which a task finds it; a code is written only where it beats the one that was there. What a
file proves is checked whenever it is used, so `--write` on another machine may differ in the last digits.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qcoord_hw.api import build
from qcoord_hw.families.coordination.best_at_n import bits_task
from qcoord_hw.theory.finite_blocklength.converses import LinkTask
from qcoord_hw.theory.finite_blocklength.converses.bits import (
    INDEX,
    basis_of,
    certificate_of,
    lower_proofs,
    shipped_name,
    shipped_sizes,
    sizes_of,
)
from qcoord_hw.theory.finite_blocklength.converses.branch import Tree, branch_and_bound
from qcoord_hw.theory.finite_blocklength.converses.checker.bits import lower_value, read_task
from qcoord_hw.theory.finite_blocklength.converses.checker.boxes import DATA
from qcoord_hw.theory.finite_blocklength.converses.code import LinkCode, best_of
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.search import search_code

HOURS = 2 * 3600.0


@dataclass(frozen=True)
class Effort:
    """How hard a task is worked on.

    Attributes:
        starts: of the search for a code.
        goal: of the branch and bound; None without one.
        hops: from the best codes of that search.
        entry: of the catalogue, if it is not called like the task.
        parameters: beside those of the entry.
    """

    starts: int
    goal: float | None = None
    hops: int = 0
    entry: str = ""
    parameters: Mapping[str, int] = field(default_factory=dict)


TASKS = {
    "two-node-n2": Effort(24, 0.2252),
    "two-node-n3": Effort(36),
    "broadcast-n2": Effort(12, 0.2705),
    "broadcast-n3": Effort(9),
    "two-node-n3-two-thirds": Effort(30, hops=80, entry="two-node-n3-random", parameters={"M0": 4, "M1": 2}),
    "no-communication-noisy-ghz-m8": Effort(30),
    "no-communication-noisy-ghz-m16": Effort(12),
    "no-communication-noisy-ghz-m32": Effort(9),
}
"""Entries of the catalogue on links of bits that are not exact; others of the same task share the file."""


def task_of(name: str) -> LinkTask:
    """Return the task of a catalogue entry."""
    effort = TASKS[name]
    parameters = dict(effort.parameters)
    experiment = build(effort.entry or name, parameters=parameters, seed=0).experiment
    found = bits_task(experiment.play, experiment.usage)
    assert found is not None
    return found


def made(name: str, effort: Effort) -> dict[str, Any]:
    """Return the certificate of a task, after writing the tree that it refers to, if any."""
    task = task_of(name)
    proofs = lower_proofs(task)
    if effort.goal is not None:
        tree = branch_and_bound(Reduced.of(task), effort.goal, HOURS)
        assert tree is not None
        proofs.append(_written(f"{name}-tree.json.gz", tree, task))
    claimed = read_task(task.to_json(), name)
    best = max(proofs, key=lambda proof: lower_value(claimed, proof, name))
    codes = [search_code(task, effort.starts, hops=effort.hops), *shipped_codes(name)]
    return certificate_of(task, best, best_of(codes, task))


def shipped_codes(name: str) -> list[LinkCode]:
    """Return the code that is shipped, if any: what is written anew is never worse."""
    path = DATA / f"{name}.json.gz"
    if not path.exists():
        return []
    code = json.loads(gzip.decompress(path.read_bytes()))["code"]
    parts = [np.array(own) for own in code["decoders"]]
    return [LinkCode(np.array(code["encoder"]), tuple(own[..., 0] + 1j * own[..., 1] for own in parts))]


def _written(name: str, tree: Tree, task: LinkTask) -> dict[str, Any]:
    """Write a tree, and return the proof that refers to it."""
    content = _packed(
        {
            "symmetries": [
                {"images": list(one.images), "rotation": one.rotation.tolist()} for one in tree.group
            ],
            "cases": [list(map(list, case)) for case in tree.cases],
            "proofs": tree.proofs.tolist(),
            "leaves": [
                {"case": leaf.case, "box": list(map(list, leaf.box)), "proof": leaf.proof}
                for leaf in tree.leaves
            ],
        }
    )
    (DATA / name).write_bytes(content)
    return {
        "method": "branch-and-bound",
        "basis": basis_of(Reduced.of(task)),
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _packed(data: Any) -> bytes:
    return gzip.compress(json.dumps(data, separators=(",", ":")).encode(), 9, mtime=0)


def write(name: str, effort: Effort) -> None:
    """Write the certificate of a task, and where it is found."""
    certificate = made(name, effort)
    file = f"{name}.json.gz"
    (DATA / file).write_bytes(_packed(certificate))
    lines = [
        f" {json.dumps(key)}: {json.dumps(sizes)}"
        for key, sizes in sorted((shipped_sizes() | {file: sizes_of(task_of(name))}).items())
    ]
    (DATA / INDEX).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    code = certificate["code"]["value"]
    print(
        f"{name}: [{certificate['lower']['value']}, {code}] by {certificate['lower']['method']}", flush=True
    )


def missing() -> list[str]:
    """Return the tasks that find no certificate of their name."""
    return [name for name in TASKS if shipped_name(task_of(name)) != f"{name}.json.gz"]


def main() -> int:
    """Say which certificates are missing, or write them."""
    parser = argparse.ArgumentParser(prog="python tools/converses.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TASKS)}; by default all")
    parser.add_argument("--write", action="store_true", help="make them anew")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in TASKS]:
        parser.error(f"{unknown[0]}: there is no such task")
    if options.write:
        for name in options.names or TASKS:
            write(name, TASKS[name])
    names = missing()
    print("missing: " + ", ".join(names) if names else "every task finds its certificate")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
