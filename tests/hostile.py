"""What strangers may hand in: spoiled values, records signed again, and how it must end."""

from __future__ import annotations

import io
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qcoord_hw.cli import main
from qcoord_hw.record import files

POISON = "\x1b]0;x\x07\x9b1m\u202e\u2066\u200b\u2028\x7f\x00"
"""Characters that act on a terminal, or hide what stands there."""

NASTY: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 3, 7, 64, 1000, 65537, 10**9, 10**15, 2**63, 2**64, 10**30, -(10**30)),
    *(0.5, -0.5, 1e308, -1e308, 1e-320, 1.0),
    *("", "x", "0", "1/3", "x" * 300, "x" * 20_000, "a\0b", POISON, "../../x", "/etc/passwd", "=1+1"),
    *("$\\frac$", "[bold]", "<script>", "{{7*7}}", "exact", "aer", "ibm_torino", "game", "coordination"),
    *([], {}, [[]], [None], [1, "a"], [[1, [2]]], {"a": 1}, {"": None}, {"a\0": {"b": []}}, [{}]),
    *([[0], [0]], [True], ["x"], [-1], [10**20], [0] * 50),
)


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places in plain values; of a long list the first three and the last."""
    if here:
        yield here
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*here, key))
    elif isinstance(value, list):
        for i in sorted({*range(min(len(value), 3)), len(value) - 1} - {-1}):
            yield from places(value[i], (*here, i))


def at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def spoil(value: Any, rng: random.Random) -> str:
    """Spoil plain values in one place, each field as likely as every other, and say how."""
    by_field = defaultdict(list)
    for place in places(value):
        by_field[tuple(key for key in place if isinstance(key, str))].append(place)
    place = rng.choice(by_field[rng.choice(list(by_field))])
    parent, key = at(value, place[:-1]), place[-1]
    how = rng.random()
    if how < 0.1:
        del parent[key]
        return f"{place} left out"
    if how < 0.2 and isinstance(parent, list):
        parent[:] = [*parent, parent[key]] if rng.random() < 0.5 else parent[:key]
        return f"{place[:-1]} of another length"
    if how < 0.3 and isinstance(parent, dict):
        name = rng.choice([one for one in NASTY if isinstance(one, str)])
        parent[name] = parent.pop(key)
        return f"{place} renamed {name[:20]!r}"
    if how < 0.4 and type(parent[key]) in (int, float):
        parent[key] += rng.choice([1, -1, 0.5, 100, -100])
    else:
        parent[key] = json.loads(json.dumps(rng.choice(NASTY)))
    return f"{place} = {str(parent[key])[:30]!r}"


def sign(path: Path, name: str, content: Any) -> None:
    """Write a file of a record with its checksum, and whatever checksums of it stand elsewhere."""
    (path / name).write_bytes(files.signed(content))
    if name in ("draft.json", "results"):
        intent = json.loads((path / "intent.json").read_bytes())
        del intent["sha256"]
        intent["files"][name] = files.digest((path / name).read_bytes())
        (path / "intent.json").write_bytes(files.signed(intent))


def seal(path: Path) -> None:
    """Seal a run as it stands there, right or not: a checksum anybody can compute."""
    there = [p for p in path.rglob("*") if p.is_file() and p.name != "seal.json" and "derived" not in p.parts]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    sums = {p.relative_to(path).as_posix(): files.digest(p.read_bytes()) for p in there}
    (path / "seal.json").write_bytes(files.signed({"sealed": now, "files": sums}))


def ends_well(*arguments: str) -> tuple[int, str, str]:
    """Run a command in this process, and check that it ends as every command must.

    Status 0, or one line of less than 400 characters on standard error and nothing on standard output; and in
    no case a character that acts on a terminal.
    """
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(list(arguments))
        except SystemExit as ended:
            status = int(ended.code or 0)
    shown, said = out.getvalue(), err.getvalue()
    assert status in (0, 2, 3), arguments
    for text in (shown, said):
        assert all(c.isprintable() or c == "\n" for c in text), (arguments, text)
    if status:
        assert len(said.splitlines()) == 1, (arguments, said)
        assert len(said) <= 400, (arguments, said)
        if arguments[:2] == ("theory", "check") and "--json" in arguments and shown:  # it says so there, too
            assert json.loads(shown)["holds"] is False, arguments
        else:
            assert shown == "", arguments
    return status, shown, said
