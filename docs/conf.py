"""The documentation site: `make docs` builds it into docs/_build. Warnings are errors there."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "docs" / "_ext")]
# Notebooks are processes of their own. They see this tree, keep their runs in it, and draw without a screen.
os.environ |= {
    "PYTHONPATH": os.pathsep.join(sys.path[:2]),
    "QCOORD_RUNS": str(ROOT / "docs" / "_build" / "runs"),
    "XDG_STATE_HOME": str(ROOT / "docs" / "_build" / "state"),
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "COLUMNS": "100",
}

from pygments.lexers.special import TextLexer  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

from qcoord_hw.version import __version__  # noqa: E402 (found by the path above)

project = "qcoord_hw"
author = "The qcoord_hw authors"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "flowchart", "mathml"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4
myst_fence_as_directive = {"mermaid"}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]

# Every notebook is executed anew, in a folder of its own; an exception in one is an error of the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_merge_streams = True

html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"qcoord_hw {__version__}"
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Tell Sphinx what it does not know: Pygments has no lexer for tables."""
    app.add_lexer("csv", TextLexer)
