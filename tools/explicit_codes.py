"""The codes of the catalogue that are written out (`protocol = "explicit"`): here their numbers are found.

`python tools/explicit_codes.py` says which specs differ from what it finds; `--write` writes them anew. A
code is a form with a few numbers; Bob's and Charlie's qubits lie in the xz plane of the Bloch sphere, at
angles that are given from the north pole, in degrees. The least trace norm is found by Nelder and Mead's
simplex from numbers that are close.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.optimize import minimize

from qcoord_hw.catalogue import catalogue_root
from qcoord_hw.families.coordination.classical_links.classical_links import CHARLIE, SOURCE
from qcoord_hw.families.coordination.classical_links.explicit import read_explicit
from qcoord_hw.families.coordination.classical_links.mixture import Mixture, read_mixture

DIGITS = 12
CLOSE = 1e-6

Options = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A code with numbers left open.

    Attributes:
        title: of the spec.
        network: two-node or classical-broadcast.
        n: the block length.
        options: from the numbers to `encoder` and decoders.
        start: numbers close to the best: angles in degrees, then chances.
        angles: how many of them are angles.
    """

    title: str
    network: str
    n: int
    options: Callable[[Sequence[float]], Options]
    start: tuple[float, ...]
    angles: int


def at(angle: float) -> list[float]:
    """Return the Bloch vector at a polar angle in the xz plane, degrees."""
    return [
        round(math.sin(math.radians(angle)), DIGITS) + 0.0,
        0.0,
        round(math.cos(math.radians(angle)), DIGITS),
    ]


def spread(middle: float, angle: float, letter: int) -> list[float]:
    """Return the Bloch vector of a letter: to one side of the middle, or to the other."""
    return at(middle - angle if letter == 0 else middle + angle)


def which_bit(numbers: Sequence[float]) -> Options:
    """m0 tells which bit of x is sent, as it is; a private coin of Bob's may choose other states."""
    angle, other, coin = (*numbers, 0.0, 0.0)[:3]
    encoder = [[[1.0 - x[m0], float(x[m0])] for m0 in (0, 1)] for x in itertools.product((0, 1), repeat=2)]
    decoder = []
    for m0 in (0, 1):
        rows = []
        for letter in (0, 1):
            first = [spread(45, angle, letter) if k == m0 else at(45) for k in (0, 1)]
            second = [spread(225, -other, letter) if k == m0 else at(225) for k in (0, 1)]
            chance = round(coin, DIGITS)
            rows.append([[1 - chance, first], [chance, second]] if coin else [[1.0, first]])
        decoder.append(rows)
    return {"encoder": encoder, "decoder_B": decoder}


def even_weight(middles: Sequence[float]) -> Callable[[Sequence[float]], Options]:
    """Each m0 has a coset; x is sent if it is in it, else a word next to it, rarely the opposite one."""

    def options(numbers: Sequence[float]) -> Options:
        angles, rare = numbers[: len(middles)], numbers[len(middles)]
        words = list(itertools.product((0, 1), repeat=3))
        books = [[w for w in words if sum(w) % 2 == parity] for parity in (0, 1)]
        chance = {0: 1.0, 1: (1 - rare) / 3, 2: 0.0, 3: rare}  # by the letters that differ
        encoder = []
        for x in words:
            rows = [[chance[sum(a != b for a, b in zip(x, w, strict=True))] for w in book] for book in books]
            encoder.append([[round(one, DIGITS) for one in row] for row in rows])
        found: Options = {"encoder": encoder}
        for system, middle, angle in zip("BC", middles, angles, strict=False):
            found[f"decoder_{system}"] = [
                [[[1.0, [spread(middle, angle, letter) for letter in word]]] for word in book]
                for book in books
            ]
        return found

    return options


def lopsided(numbers: Sequence[float]) -> Options:
    """m0 has a coset of the repetition code and a copy whose letter is told more often, and louder."""
    angles, often = {"B": numbers[:2], "C": numbers[2:4]}, numbers[4]
    books = [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]
    loud = (0, 1)  # the copy that counts more, by m0
    encoder = []
    for x in itertools.product((0, 1), repeat=2):
        rows = []
        for book, copy in zip(books, loud, strict=True):
            agree = [
                float(x == word) if x in book else (often if x[copy] == word[copy] else 1 - often)
                for word in book
            ]
            rows.append([round(chance, DIGITS) for chance in agree])
        encoder.append(rows)
    found: Options = {"encoder": encoder}
    for system, middle in (("B", 45), ("C", 30)):
        quiet, louder = angles[system]
        found[f"decoder_{system}"] = [
            [
                [
                    [
                        1.0,
                        [
                            spread(middle, louder if k == copy else quiet, letter)
                            for k, letter in enumerate(word)
                        ],
                    ]
                ]
                for word in book
            ]
            for book, copy in zip(books, loud, strict=True)
        ]
    return found


FORMS = {
    "two-node-n2": Form(
        "Two nodes, n = 2: (R0, R1) = (1/2, 1/2), m0 says which bit of x is told; Bob has a private coin",
        "two-node",
        2,
        which_bit,
        (54.23, 80.59, 0.06196),
        2,
    ),
    "two-node-n2-no-coin": Form(
        "Two nodes, n = 2: (R0, R1) = (1/2, 1/2), m0 says which bit of x is told",
        "two-node",
        2,
        which_bit,
        (57.44,),
        1,
    ),
    "two-node-n3": Form(
        "Two nodes, n = 3: (R0, R1) = (1/3, 2/3), cosets of the even-weight code with a better encoder",
        "two-node",
        3,
        even_weight((45,)),
        (45.74, 0.03088),
        1,
    ),
    "broadcast-n2": Form(
        "Classical broadcast, n = 2: (R0, R1) = (1/2, 1/2), cosets of two words, one copy told better",
        "classical-broadcast",
        2,
        lopsided,
        (34.4, 54.0, 22.9, 35.7, 0.75),
        4,
    ),
    "broadcast-n3": Form(
        "Classical broadcast, n = 3: (R0, R1) = (1/3, 2/3), cosets of the even-weight code, better told",
        "classical-broadcast",
        3,
        even_weight((45, 30)),
        (45.20, 30.19, 0.01626),
        2,
    ),
}
"""Name in the catalogue -> its form."""


def source_of(form: Form) -> dict[str, Any]:
    """Return the options that say what is to be made."""
    return dict(SOURCE) | (dict(CHARLIE) if form.network == "classical-broadcast" else {})


def mixture_of(form: Form) -> Mixture:
    """Return what is to be made."""
    parties = ("Bob", "Charlie") if form.network == "classical-broadcast" else ("Bob",)
    return read_mixture(source_of(form), parties, sender=True)


def trace_norm(form: Form, mixture: Mixture, numbers: Sequence[float]) -> float:
    """Return the trace norm of a form with its numbers; those out of range have 2."""
    if any(not 0 <= chance <= 1 for chance in numbers[form.angles :]):
        return 2.0
    given = {f"decoder_{system}": None for system in "BC"} | form.options(numbers)
    return read_explicit(given, mixture, form.n).exact(mixture.decomposition)["trace_norm"]


def best(form: Form) -> list[float]:
    """Return the numbers of least trace norm."""
    mixture = mixture_of(form)
    found = minimize(
        lambda numbers: trace_norm(form, mixture, numbers),
        form.start,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-13, "maxiter": 1500},
    )
    return [float(one) for one in found.x]


def spec_text(name: str, form: Form, numbers: Sequence[float]) -> str:
    """Return a spec."""
    lines = [
        f'name = "{name}"',
        f'title = "{form.title}"',
        'family = "coordination"',
        "",
        "[parameters]",
        f'network = "{form.network}"',
        'protocol = "explicit"',
        f"n = {form.n}",
        'p_u = ["1/2", "1/2"]',
        *(f"{key} = {_toml(value)}" for key, value in source_of(form).items() if key != "p_u"),
        *(f"{key} = {_rows(value)}" for key, value in form.options(numbers).items()),
    ]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return str([_listed(v) for v in value])


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, list | tuple) else value


def _rows(value: Any) -> str:
    return "[\n" + "".join(f"  {_listed(row)},\n" for row in value) + "]"


def main() -> int:
    """Say which specs are not what is found, or write them."""
    parser = argparse.ArgumentParser(
        prog="python tools/explicit_codes.py", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FORMS)}; by default all")
    parser.add_argument("--write", action="store_true", help="write the specs")
    options = parser.parse_args()
    differ = []
    for name in options.names or FORMS:
        form = FORMS[name]
        numbers = best(form)
        print(
            f"{name}: {trace_norm(form, mixture_of(form), numbers):.6f} with {[round(x, 5) for x in numbers]}"
        )
        path = catalogue_root() / "coordination" / f"{name}.toml"
        text = spec_text(name, form, numbers)
        if options.write:
            path.write_text(text, encoding="utf-8")
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differ.append(name)
    print("differ: " + ", ".join(differ) if differ else "all specs are what is found")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
