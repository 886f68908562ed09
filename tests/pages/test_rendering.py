"""An answer's text as HTML: the little markdown that is wanted, and nothing that loads or runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routes.rendering import TAGS, answer_html


@pytest.mark.parametrize(("text", "html"), [
    ("Eat *beans* and **greens**.", "<p>Eat <em>beans</em> and <strong>greens</strong>.</p>"),
    ("One\n\nTwo\nThree", "<p>One</p>\n<p>Two<br>\nThree</p>"),
    ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
    ("3. one\n4. two", '<ol start="3">\n<li>one</li>\n<li>two</li>\n</ol>'),
    ("[WHO](https://who.int)", '<p><a href="https://who.int" rel="noreferrer noopener">WHO</a></p>'),
    ("", "")])
def test_simple_markdown_becomes_html(text: str, html: str) -> None:
    assert answer_html(text).strip() == html


class Found(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(str(html))  # Markup would escape what the parser cuts out of it
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


HOSTILE = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<svg/onload=alert(1)>",
    "![x](https://evil.example/p.png)", "[x](javascript:alert(1))", "[x](data:text/html;base64,PHN2Zz4=)",
    "<javascript:alert(1)>", "[x](JaVaScRiPt&#58;alert(1))", "<iframe src=//evil.example>",
    "<p style=position:fixed onclick=alert(1)>x", "[x](//evil.example \"onmouseover=alert(1)\")",
    "[a]: javascript:alert(1)\n\n[a]", "<!-- --><b onmouseover=alert(1)>", "`<img src=x>`",
    "```html\n<script>1</script>\n```", "<a href=https://evil.example>x</a>",
    "<form action=//evil.example><input name=a>", "\x00<img src=x>", "<scr<script>ipt>", "# <img src=x>",
    "    <img src=x>", "&lt;img src=x&gt;", "[![x](https://e.example/p.png)](https://e.example)"]


def _check(html: str) -> None:
    for tag, attributes in Found(html).tags:
        assert tag in TAGS
        assert attributes.keys() <= {"href", "rel", "start"}
        if "href" in attributes:
            assert (attributes["href"] or "").startswith(("http://", "https://"))
            assert attributes["rel"] == "noreferrer noopener"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_loads_or_runs_comes_through(text: str) -> None:
    _check(answer_html(text))


def test_what_is_not_markdown_stays_visible_as_text() -> None:
    assert Found(answer_html("less than <5 g & <b>bold</b>")).words.strip() == "less than <5 g & <b>bold</b>"


@given(st.text(st.sampled_from("<>[]()!*_`#&;:/\\\"'= \n-1ahimgscript"), max_size=80))
def test_no_text_at_all_gets_more_than_the_allowed_tags(text: str) -> None:
    _check(answer_html(text))
