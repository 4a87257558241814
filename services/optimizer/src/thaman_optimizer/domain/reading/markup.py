"""A page's markup as a tree, or the answer that it is more than any honest page has."""

import re

from lxml import etree, html
from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.trust import MAX_ATTRIBUTES, MAX_DEPTH, MAX_LETTERS, MAX_TAGS

_TAG_START = re.compile("<[a-zA-Z]")
_ATTRIBUTE = (
    r"(?>[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    r"(?>[ \t\n\f\r]*+=[ \t\n\f\r]*+(?>\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+|))?+)"
)
"""As HTML's own tokenizer takes one, without ever going back."""

_TAG = re.compile(rf"<[^ \t\n\f\r/>]++{_ATTRIBUTE}{{0,{MAX_ATTRIBUTES}}}+")
_LARGE_TAG = re.compile(rf"<[^ \t\n\f\r/>]++{_ATTRIBUTE}{{{MAX_ATTRIBUTES}}}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_LAST_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_MOST_LOOKED_AT = 20
"""Times the page's length. Tags begin inside scripts and quotes, too; honest ones overlap little."""

_TOO_DEEP = etree.XPath("boolean(" + "/*" * MAX_DEPTH + ")")


class TooMuch(Exception):
    """More structure than any honest page has."""


def parse(text: str) -> HtmlElement | None:
    """The page's root element, ``None`` for a page without any.

    Sizes are looked at before and depth after parsing: the parser takes linear time, and stops at a depth without
    saying that it did. It resolves no entities but HTML's own, and opens nothing.

    Raises:
        TooMuch: the page is too large, or nested too deep.
    """
    if len(text) > MAX_LETTERS or text.count("<") > MAX_TAGS or _has_large_tag(text):
        raise TooMuch
    # Text after the last tag may be half a number, where an answer was cut off.
    text = text[: text.rfind(">") + 1]
    # The parser would end at the first NUL, and at the page's end tag, where browsers read on. Other controls are no
    # text for what works on the tree.
    data = _LAST_ENDS.sub(" ", _CONTROLS.sub("\ufffd", text)).encode("utf-8", "replace")
    try:
        # The text is decoded already, so what the page says of its encoding no longer counts.
        root: HtmlElement | None = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:
        return None
    if root is not None and _TOO_DEEP(root):
        raise TooMuch
    return root


def _has_large_tag(text: str) -> bool:
    """Whether a tag may have more attributes than bearable, wherever the parser finds that tags begin."""
    left = _MOST_LOOKED_AT * len(text)
    for start in _TAG_START.finditer(text):
        tag = _TAG.match(text, start.start())
        length = tag.end() - tag.start() if tag else 0
        left -= length
        if left < 0 or (length > MAX_ATTRIBUTES and _LARGE_TAG.match(text, start.start())):
            return True
    return False


def classes_of(element: HtmlElement) -> str:
    """An element's classes and id in lower case, a space around each, cut to what a person would write."""
    return f" {element.get('class', '')[:400]} {element.get('id', '')[:80]} ".lower()


def in_template(element: HtmlElement) -> bool:
    """Whether an element is inside a ``<template>``, which is no part of the page until a script makes it one."""
    return next(element.iterancestors("template"), None) is not None
