"""The parameters of linear computations."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.schema import Flag, Parameter
from qcoord_hw.spec import Plain, read_json, short_repr, to_tuples

TASK = ("field", "irreducible_poly", "servers")
"""Those that are the task, as in a task file."""

THEOREM_1, BEYOND = "theorem-1", "beyond"

BOX = "n-sum-box"
"""The scheme of a stabilizer state that is given: the servers' symbols are the exponents themselves."""

ALL_INPUTS = 6561
"""Up to so many inputs are all run where nothing else is asked for; else `SOME_INPUTS` random ones."""

SOME_INPUTS = 200

MAX_INPUTS = 16_384
"""Of one run: a record holds about 50 values of each input, and a million in all."""

MAX_BATCH = 6

MAX_GRAPH = 4
"""The last of the graphs that a search looks at for long."""

_EXPONENT = re.compile("[xz](?:0|[1-9][0-9]?)")


def read_count(text: str) -> Plain:
    """Return `all` or the number of inputs that an argument states.

    Raises:
        InputError: when it states neither.
    """
    if text != "all" and not re.fullmatch(r"[0-9]{1,30}", text):
        raise InputError(f"{short_repr(text)}; allowed are all or a number of inputs")
    return text if text == "all" else int(text)


def read_inputs(path: str | Path) -> Plain:
    """Return the inputs of a file [{"w1": [..], "w2": [..]}] as the parameter `inputs`: pairs (w1, w2).

    Raises:
        InputError: when it cannot be read, is not JSON, or an entry is not an object with w1 and w2.
    """
    path = Path(path)
    data = read_json(path)
    if not isinstance(data, list) or not data:
        raise InputError(f'{path.name}: {short_repr(data)}; allowed is a list of {{"w1": [..], "w2": [..]}}')
    for k, entry in enumerate(data):
        names = [f"w{i + 1}" for i in range(len(entry))] if isinstance(entry, dict) else []
        if not names or sorted(entry) != sorted(names):
            raise InputError(
                f'{path.name}: [{k}]: {short_repr(entry)}; allowed is {{"w1": [..], "w2": [..]}}'
            )
        for name in names:
            if not isinstance(entry[name], list) or not all(type(w) is int for w in entry[name]):
                raise InputError(
                    f"{path.name}: [{k}].{name}: {short_repr(entry[name])}; allowed is a list of integers"
                )
    return tuple(tuple(to_tuples(entry[f"w{i + 1}"]) for i in range(len(entry))) for entry in data)


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda values: all(map(fits, values))


def _is_server(pair: Any) -> bool:
    return isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)


def _is_exponents(pair: Any) -> bool:
    return _is_server(pair) and isinstance(pair[1], tuple | list) and all(map(_is_exponent, pair[1]))


def _is_exponent(name: Any) -> bool:
    return isinstance(name, str) and bool(_EXPONENT.fullmatch(name))


PARAMETERS = (
    Parameter("field", "integer", "the order of the field, a prime power", required=True),
    Parameter(
        "irreducible_poly",
        "list",
        "of a field of prime power order: coefficients, highest first",
        usual="the Conway polynomial",
        allowed="is a list of coefficients, highest first",
    ),
    Parameter(
        "servers",
        "list",
        "what each server knows: K rows are computations, columns its symbols",
        check=_list_of(_is_server),
        allowed="is a list of [name, matrix]",
        required=True,
    ),
    Parameter(
        "scheme",
        "choice",
        "theorem-1 of [Hu2025], a general stabilizer scheme that needs fewer qudits, or a given state",
        default=THEOREM_1,
        choices=(THEOREM_1, BEYOND, BOX),
    ),
    Parameter(
        "exponents",
        "list",
        "what the symbols of each server are: exponents of X and Z on its qudits",
        check=_list_of(_is_exponents),
        allowed="is a list of [server, [x0, .., z0, ..]], what each of its symbols is",
        required=True,
        when={"scheme": (BOX,)},
    ),
    Parameter(
        "batch",
        "integer",
        "consecutive instances of F_p data that become one symbol of F_{p^batch}",
        default=1,
        low=1,
        high=MAX_BATCH,
    ),
    Parameter(
        "auxiliary",
        "list",
        "the server of each auxiliary qudit",
        usual="where the circuit is easiest",
        check=_list_of(lambda name: isinstance(name, str)),
        allowed="is a list of servers",
        flags=(Flag("--auxiliary", "A,B,..", read=lambda text: tuple(filter(None, text.split(",")))),),
    ),
    Parameter(
        "graph",
        "integer",
        "which of the graphs that are found for the shared state, the easiest first",
        default=0,
        low=0,
        high=MAX_GRAPH,
        when={"scheme": (THEOREM_1, BEYOND)},
    ),
    Parameter(
        "inputs",
        "any",
        f"all inputs, or N random ones, or those of a list of [w1, w2]; at most {MAX_INPUTS}",
        usual=f"all, up to {ALL_INPUTS}, else {SOME_INPUTS}; 8 where each costs a noisy simulation",
        allowed="are all, a number of random ones, or a list of [w1, w2, ..]",
        flags=(
            Flag("--inputs", "all|N", "all inputs, or N random ones", read_count),
            Flag("--inputs-file", "F", 'inputs as JSON [{"w1": [..], "w2": [..]}]', read_inputs),
        ),
    ),
    Parameter(
        "inputs_seed",
        "integer",
        "of the random inputs",
        usual="the seed of the run",
        low=0,
        high=2**63 - 1,
    ),
    *DISTANCE,
)
