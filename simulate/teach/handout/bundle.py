"""Modules of the drawing and of its libraries as one script without imports, so that a page runs from a file alone."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

#: Where the libraries are that come with the page's server: three.js with its controls, and ECharts.
LIBRARIES = {"three": "elements/scene/dist", "echarts": "elements/echart/dist"}
LICENCES = """\
three.js and its controls: (c) 2010-2025 three.js authors, MIT License.
Apache ECharts: (c) 2017-2025 The Apache Software Foundation, Apache License 2.0
(https://www.apache.org/licenses/LICENSE-2.0); with zrender: (c) 2013 Baidu Inc., BSD 3-Clause License; and tslib:
(c) Microsoft Corporation, 0BSD. Both as NiceGUI (MIT License) bundles them.
hipspine: BSD 3-Clause License."""

_NAMES = r"\{([^{}]*)\}"
_IMPORT = re.compile(rf'^import\s*{_NAMES}\s*from\s*"\./([\w.-]+)"\s*;?', re.MULTILINE)
_EXPORT_LIST = re.compile(rf"\bexport\s*{_NAMES}\s*;?")
_EXPORT_NAME = re.compile(r"^export (?=(?:async )?(?:const|let|function|class) (\w+))", re.MULTILINE)
_LATER = re.compile(r'\bimport\("\./[\w.-]+"\)')
_LEFT = re.compile(r"^(?:import|export)\b(?!\s*[:=(.])", re.MULTILINE)
_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def bundle(page: str) -> str:
    """One script: libraries, drawing and page.

    Parameters
    ----------
    page : str
        The script of the page; finds `createStage`, `three` and `echarts` by these names.

    Returns
    -------
    str

    Raises
    ------
    RuntimeError
        If a module cannot be put into one script: it imports or exports in a way that is not known here.
    """
    library = Path(str(files("nicegui")))
    modules: dict[str, str] = {}
    for name, folder in LIBRARIES.items():
        _add(modules, name, library / folder, "index.js")
    _add(modules, "stage", Path(str(files("simulate.teach"))) / "stage", "stage.js")
    parts = [f"// {line}" for line in LICENCES.splitlines()]
    parts.append('"use strict";\nconst modules = {};')
    parts += [f"modules[{name!r}] = (() => {{\n{source}\n}})();" for name, source in modules.items()]
    parts.append('const three = modules["three/index.js"], { echarts } = modules["echarts/index.js"];')
    parts.append('const { createStage } = modules["stage/stage.js"];')
    parts.append(page)
    return "(() => {\n" + "\n".join(parts).replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n})();"


def _add(modules: dict[str, str], group: str, folder: Path, name: str) -> None:
    """A module as the body of a function that returns what it exports, after those it imports."""
    key = f"{group}/{name}"
    if key in modules:
        return
    source = _MAP.sub("", (folder / name).read_text(encoding="utf-8"))
    for _, other in _IMPORT.findall(source):
        _add(modules, group, folder, other)

    def taken(match: re.Match[str]) -> str:
        return f'const {{{_renamed(match[1], ":")}}} = modules["{group}/{match[2]}"];'

    source = _IMPORT.sub(taken, source)
    exported = dict[str, str]()
    for match in _EXPORT_LIST.finditer(source):
        exported |= dict(_pairs(match[1]))
    source = _EXPORT_LIST.sub("", source)
    exported |= {name: name for name in _EXPORT_NAME.findall(source)}
    source = _EXPORT_NAME.sub("", source)
    source = _LATER.sub('Promise.reject(new Error("not in this page"))', source)
    if not exported or _LEFT.search(source):
        raise RuntimeError(f"{key} imports or exports in a way that cannot be put into one script")
    modules[key] = f"{source}\nreturn {{ {', '.join(f'{out}: {inner}' for out, inner in exported.items())} }};"


def _pairs(names: str) -> list[tuple[str, str]]:
    """``a as b, c`` of an export as pairs of the outer and the inner name."""
    found = []
    for each in filter(None, (part.strip() for part in names.split(","))):
        inner, _, outer = each.partition(" as ")
        found.append((outer.strip() or inner.strip(), inner.strip()))
    return found


def _renamed(names: str, sign: str) -> str:
    """``a as b, c`` of an import as a pattern: ``a: b, c``."""
    found = []
    for each in filter(None, (part.strip() for part in names.split(","))):
        outer, _, inner = each.partition(" as ")
        found.append(f"{outer.strip()}{sign} {inner.strip()}" if inner else outer.strip())
    return ", ".join(found)


def style(*names: str) -> str:
    """Style sheets of the stage's folder, one after the other."""
    folder = files("simulate.teach") / "stage"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


__all__ = ["LIBRARIES", "LICENCES", "bundle", "style"]
