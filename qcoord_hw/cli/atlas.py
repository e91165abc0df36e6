"""`qcoord atlas`: every experiment on every device snapshot, in one page."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import Add, integer, names, print_json, progress_bar, say
from qcoord_hw.cli.experiment import add_idle_noise, located_target
from qcoord_hw.errors import TargetError


def register(add: Add) -> None:
    """Add the command."""
    atlas = add("atlas", _atlas, "figure, threshold and verdict of experiments on all device snapshots")
    atlas.add_argument(
        "--families", type=names, default=[], metavar="F,..", help="only experiments of these (default: all)"
    )
    atlas.add_argument(
        "--experiments", type=names, default=[], metavar="SPEC,..", help="only these (default: the catalogue)"
    )
    atlas.add_argument(
        "--targets",
        type=names,
        default=[],
        metavar="T,..",
        help="fake_NAME, properties:FILE (default: all fake_NAME)",
    )
    atlas.add_argument("--html", metavar="FILE", help="a page with a heat map that sorts and filters")
    atlas.add_argument("--workers", type=integer, metavar="N", help="processes (default: one a core)")
    atlas.add_argument("--dask", metavar="ADDRESS", help="compute on the Dask cluster of this scheduler")
    add_idle_noise(atlas)


def _atlas(options: argparse.Namespace) -> None:
    from qcoord_hw.sweeps.atlas import atlas

    with progress_bar(options, "atlas") as progress:
        found = atlas(
            families=options.families,
            experiments=options.experiments,
            targets=[located_target(target, options.runs) for target in options.targets],
            html=options.html,
            workers=options.workers,
            dask=options.dask,
            runs=options.runs,
            progress=progress,
            idle_noise=options.idle_noise,
        )
    if not options.json:
        say(found.table())
    elif found.ok:
        print_json(found.to_json())
    if not found.ok:
        raise TargetError(
            f"atlas: {found.failed} cells failed, {len(found.cells) - found.failed} are kept; the same "
            "command tries the others again"
        )
