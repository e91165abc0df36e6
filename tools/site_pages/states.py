"""The page of named states, from what `qcoord states` lists."""

from __future__ import annotations

import qcoord_hw as qc
from site_pages.markdown import table

HEAD = """\
# Named states

States that need no file: `qcoord theory region NAME --network N`, `qcoord run NAME --network N`. Parameters
follow a colon, `werner:visibility=1/3`; what is not given has its default. `qcoord states` prints this
list. States of your own are [files](../formats/states.md).

"""


def pages() -> dict[str, str]:
    """Return the page."""
    rows = []
    for state in qc.states()["states"]:
        ranges = "; ".join(parameter(one) for one in state["parameters"])
        rows.append((f"`{state['name']}`", state["title"], ranges))
    return {"states.md": HEAD + table(("state", "what it is", "parameters, default (range)"), rows)}


def parameter(about: dict[str, object]) -> str:
    """Return a parameter with its default and range."""
    return f"`{about['name']}` = {about['default']} ({about['low']} to {about['high']})"
