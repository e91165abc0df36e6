"""`run mac-n3` against `run chsh`, on the same device snapshot: both commands whole.

Processor time of the processes, in pairs that are run in turn. 39 settings, of twelve qubits in two parts,
stand against four of two qubits.
"""

from __future__ import annotations

from startup import compared

MAC, CHSH = (f"run {name} --target fake_torino --seed 1" for name in ("mac-n3", "chsh"))
WANTED = 1.8

if __name__ == "__main__":
    compared(MAC, CHSH, WANTED)
