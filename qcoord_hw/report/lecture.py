"""The page of `qcoord play --page`: an audience plays a game beside a classical and a quantum team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qcoord_hw.families.base import Lecture
from qcoord_hw.report.format import target_words
from qcoord_hw.report.html import rendered
from qcoord_hw.report.shapes import RunSummary
from qcoord_hw.text import printable


def lecture_data(lecture: Lecture, summary: RunSummary, seed: int) -> dict[str, Any]:
    """Return all that the page shows, which is what `--json` prints.

    Args:
        lecture: the game and its recorded rounds.
        summary: of the run that they are from.
        seed: of the order of its rounds.
    """
    created = str(summary.get("created") or "")[:10]
    where = f"{target_words(summary)}{f', {created}' if created else ''}"
    return {
        "ok": True,
        "run": summary["run"],
        "seed": seed,
        "title": printable(summary["title"]),
        "measured": printable(f"{where}, run {Path(summary['run']).name}"),
        **asdict(lecture),
    }


def lecture_page(data: Mapping[str, Any]) -> str:
    """Return the page: one file that needs nothing else, on a phone and on a projector."""
    questions = [sorted({q[player] for q in data["questions"]}) for player in range(len(data["players"]))]
    title = f"Play: {data['title']}"
    return rendered("lecture.html.j2", title, data, "play.json", page=data, asked=questions)
