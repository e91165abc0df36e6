"""What of each package the tests executed, from the file `.coverage`; the end of `make coverage`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import coverage

import qcoord_hw


def main() -> None:
    """Print a line for each package: how many statements it has, and the share that was executed."""
    data = coverage.Coverage()
    data.load()
    root = Path(qcoord_hw.__file__).parent
    there, missed = Counter[str](), Counter[str]()
    for path in sorted(root.rglob("*.py")):
        _, statements, _, missing, _ = data.analysis2(str(path))
        parent = path.relative_to(root).parent
        for name in {"qcoord_hw", ".".join(("qcoord_hw", *parent.parts[:1]))}:
            there[name] += len(statements)
            missed[name] += len(missing)
    for name in sorted(there):
        print(
            f"{name:32} {there[name]:6} statements  {100 * (1 - missed[name] / there[name]):5.1f} % executed"
        )


if __name__ == "__main__":
    main()
