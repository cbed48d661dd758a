"""Sphinx configuration: Markdown pages, numpydoc docstrings, no network."""

from pathlib import Path

project = "hipspine"
author = "the hipspine developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
myst_enable_extensions = ["dollarmath"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "hipspine"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autosummary_generate = False
myst_heading_anchors = 3
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# the tables are shown as they are, less their comment lines
_docs = Path(__file__).parent
(_docs / "data_tables").mkdir(exist_ok=True)
for _table in sorted(_docs.parent.glob("*/data/*.csv")):
    _rows = [line for line in _table.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    (_docs / "data_tables" / _table.name).write_text("\n".join(_rows) + "\n", encoding="utf-8")
