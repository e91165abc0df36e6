"""The documentation site: `make docs` builds it into docs/_build. Warnings are errors there."""

import os
import shutil
import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
BUILD, PATHS = DOCS / "_build", [str(DOCS.parent), str(DOCS.parent / "tools"), str(DOCS / "_ext")]
sys.path[:0] = PATHS

import site_pages  # noqa: E402 (found by the path above)

from qcoord_hw.version import __version__  # noqa: E402 (found by the path above)

project = "qcoord_hw"
author = "The qcoord_hw authors"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
extensions += ["docstrings", "drawings", "mathml"]  # docs/_ext
exclude_patterns = ["_build", "_ext"]
myst_heading_anchors = 4
myst_fence_as_directive = {"mermaid"}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]

# Every notebook is executed anew, in a folder of its own; an exception in one is an error of the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_theme = "furo"
html_title = f"qcoord_hw {__version__}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False

# Notebooks are processes of their own. They see this tree, keep their runs in it, and draw without a screen.
os.environ |= {
    "PYTHONPATH": os.pathsep.join(PATHS[:2]),
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "IPYTHONDIR": str(BUILD / "ipython"),
    "QCOORD_RUNS": str(BUILD / "runs"),
    "XDG_STATE_HOME": str(BUILD / "state"),
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "COLUMNS": "100",
}


def setup(app: Sphinx) -> None:
    """Prepare kernels, write the generated pages, and give tables a lexer, which Pygments has not."""
    profile = BUILD / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    shutil.copy(DOCS / "_ext" / "ipython" / "ipython_kernel_config.py", profile)
    app.add_lexer("csv", TextLexer)
    site_pages.write(DOCS / "generated")
