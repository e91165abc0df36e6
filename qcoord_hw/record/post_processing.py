"""Counts as they are analysed where a link's outcomes were not fed forward: corrected, or left out.

For each setting an experiment then says which sums modulo 2 of classical bits flip which bits, and which have
to be 0: where they are 1, no flip undoes what the outcomes left behind. Raw counts stay as they are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from qcoord_hw.record.reader import RunRecord, interpreting

T = TypeVar("T", int, float)

PROCESSING = "processing"
"""Key of an experiment under which that stands."""


def processed(record: RunRecord) -> RunRecord:
    """Return a run whose counts are corrected, as its experiment says; the same one where it says nothing.

    Raises:
        RecordError: when there are no such settings or classical bits.
    """
    stated = record.intent["experiment"].get(PROCESSING)
    if not stated:
        return record
    with interpreting(record.path):
        setting = {chunk.id: chunk.setting for chunk in record.plan}
        counts = {k: corrected(one, stated[setting[k]]) for k, one in record.counts.items()}
    nothing = {k for k, one in counts.items() if not one}  # no chunk without an outcome
    plan = tuple(chunk for chunk in record.plan if chunk.id not in nothing)
    return replace(record, plan=plan, counts={k: one for k, one in counts.items() if one})


def processing_words(record: RunRecord, used: RunRecord) -> list[str]:
    """Return what is to be said of a run that is analysed so: how many shots are used; else nothing.

    Args:
        record: the run.
        used: what `processed` returned for it.
    """
    if used is record:
        return []
    some, every = (sum(sum(one.values()) for one in run.counts.values()) for run in (used, record))
    return [
        "post-processed: what the link measured is not fed forward but corrected afterwards; "
        f"{some} of {every} shots are used, those in which it can be"
    ]


def corrected(counts: Mapping[str, T], rule: Mapping[str, Any]) -> dict[str, T]:
    """Return counts, or weights, of corrected outcome strings; those that cannot be corrected are left out.

    Args:
        counts: outcome (classical bit 0 first) -> how often.
        rule: `flips` and `zero` of a setting.
    """
    found: dict[str, T] = {}
    for word, times in counts.items():
        bits = [int(bit) for bit in word]
        if any(sum(bits[k] for k in sums) % 2 for sums in rule["zero"]):
            continue
        turned = bits.copy()
        for sums, flipped in rule["flips"]:
            if sum(bits[k] for k in sums) % 2:
                for k in set(flipped):
                    turned[k] ^= 1
        key = "".join(map(str, turned))
        found[key] = found[key] + times if key in found else times
    return found
