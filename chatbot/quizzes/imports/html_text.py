"""HTML of a question bank as plain text: what a reader would see, without scripts, pictures and tags."""

from __future__ import annotations

from html.parser import HTMLParser

BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"})
UNSEEN = frozenset({"script", "style"})
LONGEST = 20_000
"""Characters: `html.parser` takes quadratic time on some unclosed tags."""


class HasPicture(Exception):
    """The text needs a picture, which an item cannot have."""


def text_of(html: str) -> str:
    """The text of `html`, lines where its blocks end. Raises HasPicture, ValueError when it is too long."""
    if len(html) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.seen).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"img", "object", "svg", "video", "audio", "iframe"}:
            raise HasPicture
        if tag in UNSEEN:
            self._hidden = tag
        if tag in BLOCKS:
            self.seen.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        if tag in BLOCKS:
            self.seen.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # In HTML a line end is a space; `br` and blocks make lines.
            self.seen.append(data.replace("\n", " "))
