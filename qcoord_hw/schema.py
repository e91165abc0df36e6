"""What may be asked of a protocol: parameters, declared once, from which all else follows.

A declaration is read (`read`), refused in one wording, described (`describe`), and made an option of the
command line. Values stand in a spec as they were typed; what is not given is never written into it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import exact_number
from qcoord_hw.spec import Plain
from qcoord_hw.text import meant, short_repr

Type = Literal["integer", "number", "boolean", "text", "choice", "list", "any"]
Given = Mapping[str, Any]

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "integer": ((int,), "are integers"),
    "number": ((float,), "are numbers"),
    "boolean": ((bool,), "are true and false"),
    "text": ((str,), "is text"),
    "choice": ((str, int, float), "are"),
    "list": ((tuple, list), "is a list"),
    "any": ((object,), "is any value"),
}


@dataclass(frozen=True)
class Flag:
    """A way to state a parameter on the command line.

    Attributes:
        name: such as `--copies`.
        metavar: what stands for the value in the help.
        help: one line, if not the parameter's.
        read: from the text to the value, if not as the parameter's type says; raises `InputError`.
    """

    name: str
    metavar: str = "V"
    help: str = ""
    read: Callable[[str], Plain] | None = None

    @property
    def key(self) -> str:
        """The name as an identifier."""
        return self.name.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a protocol. Several of one name are its forms: the first that applies is read.

    Attributes:
        name: as in specs.
        type: `choice` is one of `choices`; a `list`, or `any` value, is looked at further by `check` or by
            whoever uses it.
        help: one line.
        default: what stands for it where it is not given; None where no constant does.
        usual: the default in words, where it is no constant.
        low: least number; the name of a parameter for the value of that.
        high: largest number, likewise.
        choices: the values of a choice; a function of none where they take time to load.
        check: whether a value of the right type is allowed; `allowed` has to say what is.
        allowed: in words, after "allowed": "are ..", if not as the type says.
        required: whether it has to be given.
        when: parameters declared before -> values with which alone this one is allowed. `()` stands for any
            value that is given, None for none.
        flags: on the command line.
    """

    name: str
    type: Type
    help: str
    default: Plain | None = None
    usual: str = ""
    low: float | str | None = None
    high: float | str | None = None
    choices: tuple[Plain, ...] | Callable[[], tuple[Plain, ...]] = ()
    check: Callable[[Any], bool] | None = None
    allowed: str = ""
    required: bool = False
    when: Mapping[str, tuple[Plain | None, ...]] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()

    def applies(self, values: Given) -> bool:
        """Return whether the values of those declared before allow this one."""
        return all(
            values.get(name) in wanted if wanted else values.get(name) is not None
            for name, wanted in self.when.items()
        )

    def read(self, value: Any, values: Given) -> Any:
        """Return a value that was given, a number as a number.

        Args:
            value: as it stands in a spec.
            values: of the parameters declared before.

        Raises:
            InputError: when it is not allowed.
        """
        found: Any = _number(value) if self.type == "number" else value
        if self.type == "choice":
            fits = any(type(one) is type(found) and one == found for one in self._choices())
        else:
            kinds = _KINDS[self.type][0]
            fits = isinstance(found, kinds) and (type(found) is not bool or kinds[0] in (bool, object))
        low: Any
        high: Any
        low, high = (values.get(one) if isinstance(one, str) else one for one in (self.low, self.high))
        fits = fits and (low is None or found >= low) and (high is None or found <= high)
        if not fits or (self.check is not None and not self.check(found)):
            hint = meant(found, self._choices()) if self.type == "choice" else ""
            raise refusal(self.name, value, self.range(values), hint)
        return found

    def range(self, values: Given | None = None) -> str:
        """Return what is allowed in words: "are ..", with the values of those declared before if known."""
        if self.type == "choice":
            names = ", ".join(map(str, self._choices()))
            verb = "are" if "," in names else "is"
            return f"{self.allowed} ({names})" if self.allowed else f"{verb} {names}"
        text = self.allowed or _KINDS[self.type][1]
        if self.allowed or self.low is None or self.high is None:
            return text
        if self.low == self.high:
            return f"is {self.low}"
        low, high = (f"{one:g}" if isinstance(one, float) else one for one in (self.low, self.high))
        return f"{text} from {(values or {}).get(str(low), low)} to {(values or {}).get(str(high), high)}"

    def condition(self) -> str:
        """Return with what it is allowed, in words; empty if always."""
        parts = []
        for name, wanted in self.when.items():
            if not wanted:
                parts.append(f"beside {name}")
            elif wanted == (None,):
                parts.append(f"without {name}")
            else:
                told = [str(one) for one in wanted if one is not None]
                parts.append(f"with {name} {' or '.join(told)}")
        return " and ".join(parts)

    def _choices(self) -> tuple[Plain, ...]:
        return self.choices() if callable(self.choices) else self.choices


def read(declared: Sequence[Parameter], given: Given, about: str) -> dict[str, Any]:
    """Return the value of every declared parameter: what is given, else its default, else None.

    Args:
        declared: the parameters, each behind those that it depends on.
        given: name -> value, as in a spec.
        about: what they are for, such as `for game 'chsh'`.

    Raises:
        InputError: naming the first that is unknown, missing, not allowed or not allowed here.
    """
    check_names(declared, given, about)
    values: dict[str, Any] = {}
    for name in names_of(declared):
        forms = [parameter for parameter in declared if parameter.name == name]
        form = next((one for one in forms if one.applies(values)), None)
        if form is None and name in given:
            raise refusal(name, given[name], " or ".join(one.condition() for one in forms))
        if form is not None and form.required and name not in given:
            raise InputError(f"parameters.{name}: missing; allowed {form.range(values)}")
        values[name] = None if form is None else form.default
        if form is not None and name in given:
            values[name] = form.read(given[name], values)
    return values


def usable(declared: Sequence[Parameter], given: Given) -> tuple[Parameter, ...]:
    """Return the parameters that are allowed beside these values, each in the form that applies."""
    found: dict[str, Parameter] = {}
    values: dict[str, Any] = {}
    for parameter in declared:
        if parameter.name not in found and parameter.applies(values):
            found[parameter.name] = parameter
            values[parameter.name] = given.get(parameter.name, parameter.default)
    return tuple(found.values())


def check_names(declared: Sequence[Parameter], given: Given, about: str, more: Sequence[str] = ()) -> None:
    """Refuse the first name that is not declared.

    Args:
        declared: the parameters.
        given: name -> value.
        about: as in `read`.
        more: further names that may stand beside them.

    Raises:
        InputError: naming it, the one that may be meant, and those that are allowed here.
    """
    for name in given:
        if name not in (known := [*more, *names_of(declared)]):
            here = [*more, *names_of(usable(declared, given))]
            raise InputError(
                f"parameters.{name}: unknown {about}{meant(name, known)}; allowed are {', '.join(here)}"
            )


def names_of(declared: Iterable[Parameter]) -> list[str]:
    """Return the names, each once."""
    return list(dict.fromkeys(parameter.name for parameter in declared))


def refusal(name: str, value: object, allowed: str, hint: str = "") -> InputError:
    """Return the error of a parameter that has a wrong value, or none of which is allowed.

    >>> print(refusal("n", 9, "with protocol compressed"))
    parameters.n: 9; allowed with protocol compressed
    """
    return InputError(f"parameters.{name}: {short_repr(value)}{hint}; allowed {allowed}")


def describe(parameter: Parameter) -> dict[str, Any]:
    """Return a declaration as plain JSON values, in words."""
    return {
        "name": parameter.name,
        "type": parameter.type,
        "range": parameter.range().partition(" ")[2],
        "default": parameter.default,
        "usual": parameter.usual,
        "required": parameter.required,
        "when": parameter.condition(),
        "flags": [flag.name for flag in parameter.flags],
        "help": parameter.help,
    }


def _number(value: object) -> float | None:
    """Return a finite number, or the one that an exact string such as "1/3" states; None for all else."""
    try:
        if isinstance(value, str):
            value = exact_number(value)
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return None
    return found if math.isfinite(found) else None
