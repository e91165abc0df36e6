"""`plan example-1-f4` against `run example-1-f4` on the same device snapshot: both commands whole.

Processor time of the processes, in pairs that are run in turn; then whether the plan says the same each time.
"""

from __future__ import annotations

import subprocess

from startup import QCOORD, compared

PLAN, RUN = "plan example-1-f4 --target fake_torino", "run example-1-f4 --target fake_torino --seed 1"
WANTED = 1.0

if __name__ == "__main__":
    compared(PLAN, RUN, WANTED)
    command = [*QCOORD, *PLAN.split(), "--json"]
    said = {subprocess.run(command, check=True, capture_output=True).stdout for _ in range(2)}
    print("the same plan both times" if len(said) == 1 else "another plan the second time")
