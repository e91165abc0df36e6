"""The cascade network [NatorPereg, Section IV-A]: quantum links Alice to Bob to Charlie, ebits beside them.

The option `protocol` says which circuit:

- `exact`: any state at n = 1 (`cascade_exact`);
- `chain`: any pure state on three nodes or more (`cascade_chain`);
- `compressed`: n copies of a pure state of three qubits, fewer qubits on the links (`cascade_compressed`);
- `ghz2-corner`: two GHZ states at a corner of the region (`cascade_ghz`);
- `example-2`, `example-1`, `example-1-reference`, `example-1-n2`: the paper's examples (`cascade_trits`,
  `cascade_mixture`, `cascade_superdense`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from qcoord_hw.families.coordination.cascade.chain import build_chain
from qcoord_hw.families.coordination.cascade.compressed import build_compressed
from qcoord_hw.families.coordination.cascade.exact import build_exact
from qcoord_hw.families.coordination.cascade.ghz import build_ghz2
from qcoord_hw.families.coordination.cascade.mixture import build_example_1, build_example_1_reference
from qcoord_hw.families.coordination.cascade.superdense import build_example_1_n2
from qcoord_hw.families.coordination.cascade.trits import build_example_2
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.parameters import CASCADE_PARAMETERS
from qcoord_hw.families.coordination.preparation import Coordination
from qcoord_hw.schema import read
from qcoord_hw.spec import Plain
from qcoord_hw.theory.states import State

REFERENCE = "the purification of the target, kept by Alice and scored"

PROTOCOLS: dict[str, Callable[[State, Mapping[str, Any]], Coordination]] = {
    "exact": lambda state, v: build_exact(state, (v["link1"], v["link2"]), v["reference"]),
    "chain": lambda state, v: build_chain(state, v["link1"]),
    "compressed": lambda state, v: build_compressed(state, v["n"], v["m1"], v["m2"]),
    "ghz2-corner": lambda *_: build_ghz2(),
    "example-1": lambda *_: build_example_1(),
    "example-1-reference": lambda *_: build_example_1_reference(),
    "example-1-n2": lambda *_: build_example_1_n2(),
    "example-2": lambda _, v: build_example_2(v["link1"]),
}
"""Name -> its builder, from the target and the values of `CASCADE_PARAMETERS`."""


def build_cascade(options: Mapping[str, Plain]) -> Coordination:
    """Return the protocol that the options ask for.

    Args:
        options: those of `CASCADE_PARAMETERS`.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    values = read(CASCADE_PARAMETERS, options, f"for the protocol {options.get('protocol', 'exact')}")
    state, name = read_target(values["state"]), values["protocol"]
    plan = PROTOCOLS[name](state, values).of_target(state)
    if name == "example-1-reference" or values["reference"]:
        plan = replace(plan, holders=plan.holders | {"R": REFERENCE})
    return plan
