"""An answer's text as HTML that is safe to show, whatever a model or a stranger wrote into it.

Two locks: the markdown parser takes no HTML and makes no images, headings or code; then an allowlist lets through
only the tags below. What is not markdown stays visible as text.
"""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "a"}
ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
UNUSED = ["image", "html_block", "html_inline", "heading", "lheading", "code", "fence", "hr", "reference"]
"""Rules of the parser that are switched off: their markup is shown as it was typed."""


def answer_html(text: str) -> Markup:
    """Paragraphs, lists, emphasis and http(s) links of `text`; everything else escaped. Nothing in it loads or runs."""
    return Markup(nh3.clean(  # noqa: S704 - this is the place that makes it safe
        _markdown().render(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https"},
        url_relative="deny", link_rel="noreferrer noopener"))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(UNUSED)
