"""The part of a page that a person sees beside the product's name: its lines, in order.

It begins at the page's one ``h1`` and ends at the next heading that is not a price. What is hidden, and what is about
other things (menus, related products, reviews), is left out. A page with no ``h1`` or several has no such part.
"""

from dataclasses import dataclass, field
from itertools import islice

from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.currencies import named_in
from thaman_optimizer.domain.reading.letters import folded
from thaman_optimizer.domain.reading.styles import hidden_names, is_apart, is_hidden, is_struck, roles_of
from thaman_optimizer.domain.reading.tokens import Line, Piece
from thaman_optimizer.domain.reading.trust import MAX_AREA_LETTERS, MAX_LINES

_LEFT_OUT = frozenset((
    "script", "style", "template", "noscript", "head", "nav", "footer", "aside", "select", "datalist", "textarea",
    "iframe", "object", "embed", "svg", "canvas", "video", "audio", "math", "dialog", "title", "xmp", "noembed",
))  # fmt: skip
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "em", "font", "i", "img", "ins", "kbd",
    "label", "mark", "meta", "link", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
))  # fmt: skip
_WHOLE = frozenset(("html", "body", "main"))
"""Elements that are never about other things, whatever a theme writes into their classes."""

_HEADINGS = frozenset(("h2", "h3", "h4"))
_RIYAL_ICONS = ("sicon-sar", "icon-sar", "sar-icon", "sar-symbol", "riyal", "saudi-currency")


@dataclass(frozen=True, slots=True)
class Area:
    """The product's name, and the lines after it."""

    name: str
    lines: tuple[Line, ...]


def area_of(root: HtmlElement) -> Area | None:
    """The page's product area; ``None`` where the page has not exactly one visible main heading."""
    walk = _Walk(hidden_names(root))
    walk.visit(root, Piece(""))
    walk.end_line()
    return Area(walk.name, tuple(tuple(line) for line in walk.lines)) if walk.headings == 1 else None


@dataclass(slots=True)
class _Walk:
    hidden: frozenset[str]
    headings: int = 0
    name: str = ""
    lines: list[list[Piece]] = field(default_factory=list)
    _line: list[Piece] = field(default_factory=list)
    _letters: int = 0
    _open: bool = False

    def visit(self, element: HtmlElement, like: Piece) -> None:
        """Take an element and all in it; ``like`` tells how what is around it looks. Parsing has bounded the depth."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _LEFT_OUT or is_hidden(element, self.hidden):
            return
        if tag not in _WHOLE and is_apart(element):
            return
        if tag == "header" and element.getparent() is not None and element.getparent().tag == "body":
            return
        if tag == "h1":
            self._heading(element)
            return
        if tag in _HEADINGS and self._open and not _is_price(element):
            self.end_line()
            self._open = False
        if tag not in _INLINE:
            self.end_line()
        look = Piece("", like.struck or is_struck(element), like.hints | frozenset(roles_of(element)))
        self._take(_written(element), look)
        for child in element:
            self.visit(child, look)
            self._take(child.tail, look)
        if tag not in _INLINE:
            self.end_line()

    def end_line(self) -> None:
        """Close the line that is being read."""
        if any(piece.text.strip() for piece in self._line):
            self.lines.append(self._line)
        self._line = []
        self._open = self._open and len(self.lines) < MAX_LINES

    def _heading(self, element: HtmlElement) -> None:
        self.end_line()
        self.headings += 1
        self.name = _first_letters(element)
        self._open = self.headings == 1

    def _take(self, text: str | None, look: Piece) -> None:
        if not text or not self._open:
            return
        self._letters += len(text)
        if self._letters > MAX_AREA_LETTERS:
            self._open = False
            return
        self._line.append(Piece(text, look.struck, look.hints))


def _written(element: HtmlElement) -> str | None:
    """The text an element begins with; a riyal that is drawn counts as written."""
    if element.tag == "br":
        return None
    if element.tag == "img":
        alt = element.get("alt", "")[:20]
        return f" {alt} " if named_in(alt) else None
    if element.tag in ("i", "span") and not (element.text or "").strip() and not len(element):
        names = element.get("class", "").lower()
        if any(icon in names for icon in _RIYAL_ICONS):
            return " SAR "
    text: str | None = element.text
    return text


def _is_price(element: HtmlElement) -> bool:
    text = _first_letters(element)
    return named_in(text) and any("0" <= one <= "9" for one in folded(text))


def _first_letters(element: HtmlElement) -> str:
    return "".join(islice(element.itertext(), 60))[:400]
