"""`run two-node-n3` against `run chsh`, on the same device snapshot: both commands whole.

Processor time of the processes, in pairs that are run in turn. 1080 settings in eight blocks, 8640 chunks of
together 884736 shots, stand against 32 chunks of together 16384.
"""

from __future__ import annotations

from startup import compared

TWO_NODE, CHSH = (f"run {name} --target fake_torino --seed 1" for name in ("two-node-n3", "chsh"))
WANTED = 1.5

if __name__ == "__main__":
    compared(TWO_NODE, CHSH, WANTED)
