"""Tables of counts as others keep them, for tests."""

from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path

import numpy as np

HANOI = json.loads((Path(__file__).parent / "data" / "g14-hanoi.json").read_text())
"""The published table of G14 on ibm_hanoi: columns, rows, and what is known of it."""

COLUMNS = ["question_1", "question_2", "answer_1", "answer_2", "count"]
CHSH = {
    "name": "chsh-file",
    "prob": [["1/4", "1/4"], ["1/4", "1/4"]],
    "win": [[[[int((a ^ b) == (x & y)) for b in (0, 1)] for a in (0, 1)] for y in (0, 1)] for x in (0, 1)],
}


def colouring(rows):
    """Return the game that goes with a table: a vertex twice wants one colour, two vertices two."""
    asked = {(x, y) for x, y, *_ in rows}
    size, colours = 1 + max(max(q) for q in asked), 1 + max(max(row[2:4]) for row in rows)
    prob = [[f"1/{len(asked)}" if (x, y) in asked else 0 for y in range(size)] for x in range(size)]
    win = [
        [[[int((a == b) == (x == y)) for b in range(colours)] for a in range(colours)] for y in range(size)]
        for x in range(size)
    ]
    return {"name": "colouring", "prob": prob, "win": win}


def chsh_rows(right=430, wrong=70):
    """Return rows of CHSH: so often each answer that wins, and each that loses."""
    return [
        [x, y, a, b, right if (a ^ b) == (x & y) else wrong]
        for x in (0, 1)
        for y in (0, 1)
        for a in (0, 1)
        for b in (0, 1)
    ]


def csv_text(rows, columns=COLUMNS, delimiter=","):
    """Return a table as CSV."""
    return "\n".join(delimiter.join(map(str, row)) for row in [columns, *rows]) + "\n"


def qiskit_result(counts, size=2):
    """Return `Result.to_dict()` of circuits with these counts by hexadecimal numbers."""
    return {
        "backend_name": "some_device",
        "job_id": "j",
        "success": True,
        "results": [
            {
                "shots": sum(own.values()),
                "success": True,
                "data": {"counts": own},
                "header": {"name": f"c{k}", "creg_sizes": [["a", 1], ["b", size - 1]], "memory_slots": size},
            }
            for k, own in enumerate(counts)
        ],
    }


def packed(array, **how):
    """Return an array as `RuntimeEncoder` packs it."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **how)
    return base64.b64encode(zlib.compress(file.getvalue())).decode()


def runtime(registers, text=None):
    """Return what `RuntimeEncoder` writes of pubs: each a dictionary of name -> (bits of each shot, size)."""

    def typed(kind, value):
        return {"__type__": kind, "__value__": value}

    pubs = []
    for own in registers:
        fields = {
            name: typed(
                "BitArray",
                {
                    "array": typed("ndarray", text or packed(np.array(shots, dtype=np.uint8)[:, None])),
                    "num_bits": size,
                },
            )
            for name, (shots, size) in own.items()
        }
        data = typed("DataBin", {"field_names": list(own), "shape": [], "fields": fields})
        pubs.append(typed("SamplerPubResult", {"data": data, "metadata": {}}))
    return typed("PrimitiveResult", {"pub_results": pubs, "metadata": {}})


def counted(result, unknown=False):
    """Return all that counts say: every digit of every estimate that is counted, and the checks.

    The test of frames is no part of it: it compares outcomes of circuits that a copy does not have.

    Args:
        result: of a run, or of an imported copy of one.
        unknown: whether to leave out the theory, which a copy of a game of one's own does not know.
    """
    found = []
    for estimate in result.estimates:
        if estimate.origin == "counted":
            row = estimate.to_json()
            row["assumes"] = row["assumes"].removesuffix("; schedule not attested")
            found.append(row | {"theory": None} if unknown else row)
    return found, {name: check for name, check in result.checks.items() if name != "frame"}
