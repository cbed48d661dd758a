"""Lesson text as safe HTML, and sources in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

#: What a link in a lesson may lead to.
SCHEMES = ("https", "http", "mailto")

_ENTRY = re.compile(r"^@\w+\{(\w+),(.*)\}\s*$", re.MULTILINE)
_FIELD = re.compile(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_LOCKED = re.compile(r"PMC\d+")


@dataclass(frozen=True)
class Source:
    """A source in words, and where it is found (empty if not known)."""

    text: str
    url: str = ""


def render(text: str) -> str:
    """Markdown as HTML that runs nothing and loads nothing.

    Raw HTML is shown as text, images are left out, and a link leads to a web or mail address or is shown as text.

    Parameters
    ----------
    text : str
        CommonMark with tables.

    Returns
    -------
    str
        Safe to put into a page as it is.
    """
    return str(_markdown().render(text))


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table").disable("image")
    markdown.validateLink = _safe  # type: ignore[method-assign]
    markdown.add_render_rule("link_open", _link)
    return markdown


def _safe(url: str) -> bool:
    """Whether a link may be followed."""
    try:
        return urlsplit(url.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _link(self: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    """A link opens elsewhere and tells nothing of this page."""
    tokens[at].attrSet("target", "_blank")
    tokens[at].attrSet("rel", "noopener noreferrer")
    return str(self.renderToken(tokens, at, options, env))


@cache
def bibliography() -> Mapping[str, Source]:
    """Every source of ``kinematics/data/sources.bib`` by its key, in words."""
    text = (files("kinematics") / "data" / "sources.bib").read_text(encoding="utf-8")
    return {key: _words(dict(_FIELD.findall(body))) for key, body in _ENTRY.findall(text)}


def _words(entry: Mapping[str, str]) -> Source:
    """A source as it is cited."""
    who = entry.get("author", "").replace(" and others", " et al.").replace(" and ", ", ")
    when = f"({entry['year']})" if "year" in entry else ""
    journal = entry.get("journal", "")
    if journal and "volume" in entry:
        journal += f" {entry['volume']}" + (f":{entry['pages']}" if "pages" in entry else "")
    parts = [f"{who} {when}".strip(), entry.get("title", ""), journal, entry.get("note", "")]
    url = f"https://doi.org/{entry['doi']}" if "doi" in entry else ""
    if not url and (found := _LOCKED.search(entry.get("note", ""))):
        url = f"https://pmc.ncbi.nlm.nih.gov/articles/{found[0]}/"
    return Source(
        ". ".join(part.strip().removesuffix(".") for part in parts if part.strip()).replace("--", "\u2013") + ".", url
    )


__all__ = ["Source", "bibliography", "render"]
