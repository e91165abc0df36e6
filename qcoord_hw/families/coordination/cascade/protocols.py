"""The cascade network [NatorPereg, Section IV-A]: quantum links Alice to Bob to Charlie, ebits beside them.

The option `protocol` says which circuit; each takes the option `n`, its block length:

- `exact`: any state at n = 1 (`cascade_exact`);
- `chain`: any pure state on three nodes or more (`cascade_chain`);
- `compressed`: n copies of a pure state of three qubits, fewer qubits on the links (`cascade_compressed`);
- `ghz2-corner`: two GHZ states at a corner of the region (`cascade_ghz`);
- `example-2`, `example-1`, `example-1-reference`, `example-1-n2`: the paper's examples (`cascade_trits`,
  `cascade_mixture`, `cascade_superdense`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.chain import build_chain
from qcoord_hw.families.coordination.cascade.compressed import build_compressed
from qcoord_hw.families.coordination.cascade.exact import build_exact
from qcoord_hw.families.coordination.cascade.ghz import build_ghz2
from qcoord_hw.families.coordination.cascade.mixture import build_example_1, build_example_1_reference
from qcoord_hw.families.coordination.cascade.superdense import build_example_1_n2
from qcoord_hw.families.coordination.cascade.trits import build_example_2
from qcoord_hw.families.coordination.preparation import Coordination
from qcoord_hw.spec import Plain, check_integer, check_known, shown, without_twins
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.states import State, state_from_json

Options = Mapping[str, Plain]

REFERENCE = "the purification of the target, kept by Alice and scored"

COMMON = ("network", "protocol", "n", "state")
"""Options of every protocol."""


@dataclass(frozen=True)
class Protocol:
    """A protocol by name.

    Attributes:
        build: from its options.
        copies: the block length; None where the protocol has several and reads the option itself.
        state: the name of the only state that it makes; None where it makes any.
        options: that it has besides `COMMON`.
    """

    build: Callable[[Options], Coordination]
    copies: int | None = 1
    state: str | None = None
    options: tuple[str, ...] = ()


PROTOCOLS = {
    "exact": Protocol(
        lambda options: build_exact(target_state(options), options), options=("link1", "link2", "reference")
    ),
    "chain": Protocol(lambda options: build_chain(target_state(options), options), options=("link1",)),
    "compressed": Protocol(
        lambda options: build_compressed(target_state(options), options), None, options=("m1", "m2")
    ),
    "ghz2-corner": Protocol(lambda _: build_ghz2(), 2, "ghz"),
    "example-1": Protocol(lambda _: build_example_1(), 1, "example-1"),
    "example-1-reference": Protocol(lambda _: build_example_1_reference(), 1, "example-1"),
    "example-1-n2": Protocol(lambda _: build_example_1_n2(), 2, "example-1"),
    "example-2": Protocol(build_example_2, 1, "example-2", ("link1",)),
}
"""Name -> protocol."""


def build_cascade(options: Options) -> Coordination:
    """Return the protocol that the options ask for.

    Args:
        options: `protocol` (default `exact`), `n`, `state` (a name, or the JSON text of a state file), and
            those of the protocol.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    name = options.get("protocol", "exact")
    if not isinstance(name, str) or name not in PROTOCOLS:
        raise InputError(f"protocol: {shown(name)}; allowed are {', '.join(PROTOCOLS)}")
    protocol = PROTOCOLS[name]
    allowed = (*COMMON, *protocol.options)
    check_known(options, allowed, f" for the protocol {name}")
    if protocol.copies is not None:
        check_integer("n", options.get("n", protocol.copies), protocol.copies, protocol.copies)
    if protocol.state is not None and options.get("state", protocol.state) != protocol.state:
        raise InputError(
            f"state: {shown(options['state'])}; allowed for the protocol {name} is {protocol.state}"
        )
    plan = protocol.build(options)
    plan = plan.of_target(target_state(options) if protocol.state is None else named_state(protocol.state))
    if name == "example-1-reference" or options.get("reference", False):
        plan = replace(plan, holders=plan.holders | {"R": REFERENCE})
    return plan


def target_state(options: Options) -> State:
    """Return the state that the option `state` names, or whose file it holds.

    Raises:
        InputError: when it is neither.
    """
    text = options.get("state")
    if not isinstance(text, str) or not text:
        raise InputError(f"state: {shown(text)}; allowed is a name, or the content of a state file")
    if not text.startswith("{"):
        return named_state(text)
    try:
        return state_from_json(json.loads(text, object_pairs_hook=without_twins))
    except (ValueError, RecursionError):
        raise InputError("state: not valid JSON; allowed is the content of a state file") from None
