"""What of a written report follows other rules of analysis than those of today, and what simply differs.

The method of an estimate or check says by which rule it was made. Where a report was written under another
version of the rules, and its method is another one, the figure is another one as well, and nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qcoord_hw.statistics.estimate import SAYS
from qcoord_hw.statistics.words import interval, p_words

ROWS = ("questions", "cases")
"""Tables whose rows follow the rules of the estimates."""

Object = dict[str, Any]


def split_by_rules(
    written: Object, computed: Object, then: int, now: int
) -> tuple[list[str], Object, Object]:
    """Return what the rules changed, a line for each figure, and the two summaries without that.

    Args:
        written: a summary as a report has it.
        computed: the same, recomputed.
        then: version of the rules of `written`.
        now: version of the rules of `computed`.
    """
    written, computed = ({k: v for k, v in one.items() if k != "rules"} for one in (written, computed))
    if then == now:
        return [], written, computed
    lines: list[str] = []
    if isinstance(written.get("tiles"), list) and isinstance(computed.get("tiles"), list):
        pairs = [_split(*pair, then, now) for pair in zip(written["tiles"], computed["tiles"], strict=False)]
        lines += [f"tile {k}: {line}" for k, (found, _, _) in enumerate(pairs, start=1) for line in found]
        written["tiles"] = [one for _, one, _ in pairs] + written["tiles"][len(pairs) :]
        computed["tiles"] = [one for _, _, one in pairs] + computed["tiles"][len(pairs) :]
    found, written, computed = _split(written, computed, then, now)
    return [*found, *lines], written, computed


NEW = ("best_at_n",)
"""Keys of a summary that older reports lack: what theory says beside, and nothing of what was counted."""

SEALED = {"kind", "sha256"}
"""Keys of a certificate with its digest; that of an older report has none."""


def without_new_words(written: Any, computed: Any) -> Any:
    """Return what is computed without those fields that an older report does not have at all.

    They say what a figure is, or what theory says beside it: a report that was written before them is not
    another one. Nor is one whose figures were drawn on other axes.
    """
    if isinstance(written, dict) and isinstance(computed, dict):
        late = {*NEW, "sha256"} if computed.keys() >= SEALED else NEW
        computed = {key: value for key, value in computed.items() if key in written or key not in late}
    if isinstance(written, dict) and isinstance(computed, dict):
        new = {key for key in SAYS if "estimand" in computed and SAYS[0] not in written}
        computed = {k: written.get(k, v) if k == "axis" else v for k, v in computed.items()}
        return {k: without_new_words(written.get(k), v) for k, v in computed.items() if k not in new}
    if isinstance(written, list) and isinstance(computed, list) and len(written) == len(computed):
        return [without_new_words(*pair) for pair in zip(written, computed, strict=True)]
    return computed


def _split(written: Any, computed: Object, then: int, now: int) -> tuple[list[str], Any, Object]:
    if not isinstance(written, dict):
        return [], written, computed
    estimates = [_by_name(one.get("estimates")) for one in (written, computed)]
    checks = [
        dict(one["checks"]) if isinstance(one.get("checks"), dict) else {} for one in (written, computed)
    ]
    lines = []
    for (before, after), words in ((estimates, _interval), (checks, _p_value)):
        for name in dict.fromkeys([*before, *after]):
            if name in before and name in after and _method(before[name]) == _method(after[name]):
                continue
            old, new = before.pop(name, None), after.pop(name, None)
            before_words, after_words = words(old), words(new)
            if before_words == after_words:
                after_words = f"as much, by another method ({_method(new)})"
            lines.append(f"{name}: {before_words} by rules {then}, {after_words} by rules {now}")
    kept = {"estimates": list(estimates[0].values()), "checks": checks[0]}
    now_kept = {"estimates": list(estimates[1].values()), "checks": checks[1]}
    left_out = {*ROWS, "cautions"} if lines else set()
    written = {k: v for k, v in written.items() if k not in left_out} | kept
    computed = {k: v for k, v in computed.items() if k not in left_out} | now_kept
    return lines, written, _like(written, computed)


def _by_name(estimates: Any) -> dict[str, Any]:
    rows = estimates if isinstance(estimates, list) else []
    return {str(row["name"]): row for row in rows if isinstance(row, dict) and "name" in row}


def _as_dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _method(figure: Any) -> Any:
    return figure.get("method") if isinstance(figure, dict) else None


def _like(written: Any, computed: Any) -> Any:
    """Return what is computed without the fields that a program of other rules did not write."""
    if isinstance(written, dict) and isinstance(computed, Mapping):
        return {k: _like(written[k], v) for k, v in computed.items() if k in written}
    if isinstance(written, list) and isinstance(computed, list) and len(written) == len(computed):
        return [_like(*pair) for pair in zip(written, computed, strict=True)]
    return computed


def _interval(estimate: Any) -> str:
    try:
        return interval(estimate)
    except (KeyError, TypeError, ValueError):
        return "none"


def _p_value(check: Any) -> str:
    try:
        return f"p {p_words(check['p_value'])}"
    except (KeyError, TypeError, ValueError):
        return "not made"
