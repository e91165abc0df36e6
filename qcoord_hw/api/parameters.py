"""What may be asked of an experiment or a family, as it is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qcoord_hw import registry
from qcoord_hw.schema import describe, usable
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import Plain, to_lists


def parameters(name: str, stated: Mapping[str, Plain] | None = None) -> dict[str, Any]:
    """Return the parameters of a family, or those that an experiment allows.

    Args:
        name: of a family, or what `run` takes.
        stated: parameters beside or instead of the spec's.

    Returns:
        `family`; `experiment`, None for a family; and `parameters`: for each its `name`, `type`, `range`,
        `default` (None if no constant is: then `usual` says it in words), `required`, `when` (with what it is
        allowed), `flags`, `help` and `of`, for which kind of spec it is; of an experiment also the `value`
        that is stated, None if none is.

    Raises:
        InputError: when there is no such family or experiment.
    """
    stated = stated or {}
    family = next((one for one in registry.every() if one.name == name), None)
    if family is not None:
        rows = [
            describe(one) | {"of": title}
            for title, declared in family.parameter_lists().items()
            for one in declared
        ]
        return {"family": name, "experiment": None, "parameters": rows}
    spec = spec_of(name, stated)
    family, given = registry.family(spec.family), spec.options
    declared = family.parameters_of(spec)
    title = next((key for key, one in family.parameter_lists().items() if one == declared), "")
    rows = [
        describe(one) | {"of": title, "value": to_lists(given[one.name]) if one.name in given else None}
        for one in usable(declared, given)
    ]
    return {"family": spec.family, "experiment": spec.name, "parameters": rows}


def parameters_text(found: Mapping[str, Any]) -> str:
    """Return what `parameters` returned as text: a block per kind of spec."""
    lines: list[str] = []
    width = 2 + max(len(row["name"]) for row in found["parameters"])
    for title in dict.fromkeys(row["of"] for row in found["parameters"]):
        lines += ["", f"{found['experiment'] or found['family']}{title and f' ({title})'}"]
        for row in found["parameters"]:
            if row["of"] == title:
                lines += _lines(row, width)
    return "\n".join(lines[1:])


def _lines(row: Mapping[str, Any], width: int) -> list[str]:
    usual = _word(row["default"]) if row["default"] is not None else row["usual"] or "none"
    default = "required" if row["required"] else f"default: {usual}"
    where = f"; allowed {row['when']}" if row["when"] else ""
    stated = "" if row.get("value") is None else f"; here {_word(row['value'])}"
    flags = "".join(f" {flag}" for flag in row["flags"])
    return [
        f"  {row['name']:<{width}}{row['help']}{flags and f' ({flags.strip()})'}",
        f"  {'':<{width}}{row['type']}: {row['range']}; {default}{where}{stated}",
    ]


def _word(value: object) -> str:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
