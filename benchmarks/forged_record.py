"""A forged record of a hundred thousand chunks is refused: processor time against `import qiskit`.

As large as a record may be, and right up to its last line, so that all of it is read before it is refused.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from startup import PAIRS, QCOORD, QISKIT, bare_environment, seconds

import qcoord_hw as qc
from qcoord_hw.record import MAX_PLAN, files

WANTED = 3.5


def forged(folder: Path) -> Path:
    """Return a run with so many chunks that its last line belies its checksum."""
    path = qc.run("chsh", shots=20, seed=7, runs=folder, random_questions=True).path
    intent = json.loads((path / "intent.json").read_text())
    del intent["sha256"]
    chunk = intent["plan"][0]
    intent["plan"] = [chunk | {"id": k, "shots": 3, "setting": k % 4} for k in range(MAX_PLAN)]
    (path / "intent.json").write_bytes(files.signed(intent))
    lines = [files.signed_line({"chunk": k, "counts": {"00": 1, "11": 2}}) for k in range(MAX_PLAN)]
    lines[-1] = lines[-1].replace('"00":1', '"00":2')
    (path / "counts.jsonl").write_text("".join(lines))
    (path / "seal.json").unlink()
    return path


def main() -> None:
    """Print how long each command takes, and the median of the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = forged(Path(folder))
        environment = bare_environment()
        for name in ("verify", "report"):
            command = [*QCOORD, name, str(path)]
            refused = subprocess.run(command, capture_output=True, text=True, env=environment)
            assert refused.returncode == 2, refused.stderr
            assert "does not match its checksum" in refused.stderr, refused.stderr
            pairs = [
                (seconds(command, environment, status=2), seconds(QISKIT, environment)) for _ in range(PAIRS)
            ]
            own, least = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{name:<8} {own:5.2f} s : {least:5.2f} s, ratio {ratio:5.2f} (wanted: at most {WANTED:g})")


if __name__ == "__main__":
    main()
