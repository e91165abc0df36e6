"""A page for every command, from the parser that reads it, with the README's examples of it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from qcoord_hw.cli.common import Parser
from qcoord_hw.cli.program import _parser
from site_pages.markdown import block, toctree

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Commands

From the parser of `qcoord` itself. Every command has `--json`, which prints one JSON object on standard
output and nothing else there ([what is in it](../json.md)). Exit status: 0 done, 1 `reproduce` found a
difference that no erratum lists, 2 bad input, 3 the target or the network failed, 130 interrupted. After an
error standard output is empty, and one line on standard error says what was wrong and what is allowed
([what to do](../../reference/troubleshooting.md)).

"""


def pages() -> dict[str, str]:
    """Return the pages: a list of all commands, and one for each."""
    found = dict(commands(_parser()))
    made = {f"commands/{name.replace(' ', '-')}.md": page(name, sub) for name, sub in found.items()}
    index = HEAD + toctree(name.replace(" ", "-") for name in found)
    return {"commands/index.md": index, **made}


def commands(
    parser: argparse.ArgumentParser, path: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the name and the parser of every command; `theory` is followed by what stands below it."""
    for action in parser._actions:  # noqa: SLF001 (argparse has no public list of them)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, sub in action.choices.items():
                yield f"{path}{name}", sub
                yield from commands(sub, f"{path}{name} ")


def page(name: str, sub: argparse.ArgumentParser) -> str:
    """Return the page of a command."""
    while isinstance(sub, Parser) and sub.later:
        sub.later.pop(0)(sub)
    usage = re.sub(r"\s+", " ", sub.format_usage().removeprefix("usage: "))
    parts = [f"# qcoord {name}\n", f"{sentence(sub.description)}\n", block(wrapped(usage))]
    for title, optional in (("Arguments", False), ("Options", True)):
        entries = [entry(a) for a in listed(sub) if bool(a.option_strings) is optional]
        parts += [f"## {title}\n", *entries] if entries else []
    if examples := [line for line in readme_lines() if line.split("  ")[0].startswith(f"qcoord {name} ")]:
        parts += ["## Examples\n", block("\n".join(examples))]
    return "\n".join(parts)


def listed(sub: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the arguments and options that help shows, without help itself and the commands below."""
    left_out = argparse._HelpAction | argparse._SubParsersAction  # noqa: SLF001
    actions = sub._actions  # noqa: SLF001
    return [a for a in actions if not isinstance(a, left_out) and a.help is not argparse.SUPPRESS]


def entry(action: argparse.Action) -> str:
    """Return an argument or option as an entry of a definition list."""
    value = action.metavar or ("" if action.nargs == 0 else (action.dest or "").upper())
    if action.choices is not None and action.metavar is None:
        value = " | ".join(map(str, action.choices))
    value = " ".join(value) if isinstance(value, tuple) else str(value)
    term = ", ".join(action.option_strings) + f" {value}" if action.option_strings else value
    return f"`{term.strip()}`\n: {plain((action.help or '').replace('%%', '%')) or '-'}\n"


def sentence(text: str | None) -> str:
    """Return a help text as a sentence."""
    words = plain(text or "")
    return f"{words[:1].upper()}{words[1:]}."


def plain(text: str) -> str:
    """Return a text with the signs of Markdown as they stand."""
    return re.sub(r"([<>*_\[\]])", r"\\\1", " ".join(text.split()))


def wrapped(usage: str, width: int = 76) -> str:
    """Return a usage line over several lines that break between options."""
    lines = [""]
    for word in re.findall(r"\[[^\]]*\](?:\s?\.\.\.\])?|\S+", usage):
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def readme_lines() -> list[str]:
    """Return the lines of the README that are commands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.startswith("    qcoord ")]
