"""JSON-LD of a page: the nodes that are the page's own, with numbers as they were written.

The scripts' texts are read here and not by extruct, which takes numbers as floats: those have lost the amount before
anybody can look at it.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.markup import TooMuch, in_template
from thaman_optimizer.domain.reading.trust import MAX_NESTING, MAX_NODES

Node = Mapping[str, Any]

_OPENINGS = ("//<![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA[", "<!--")
_CLOSINGS = ("//]]>", "/*]]>*/", "/* ]]> */", "]]>", "-->")
"""What some shops wrap their scripts in, for parsers of long ago."""


def json_ld(root: HtmlElement) -> list[Node]:
    """The page's own nodes: at the top, in ``@graph`` and ``mainEntity``; others (related products) are not its own.

    A block that is not JSON, or says two different things under one name, is left out: it does not make the others
    unreadable.

    Raises:
        TooMuch: more or deeper than any honest page has.
    """
    blocks = []
    for script in root.iter("script"):
        kind = script.get("type", "").partition(";")[0].strip().lower()
        if kind == "application/ld+json" and script.text and not in_template(script):
            try:
                blocks.append(_parsed(script.text))
            except RecursionError as error:
                raise TooMuch from error
            except (ValueError, ArithmeticError):
                continue
    nodes = list(_nodes(blocks))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    return [_resolved(node, by_id) for node in nodes]


def _parsed(text: str) -> Any:
    for opening, closing in zip(_OPENINGS, _CLOSINGS, strict=True):
        text = text.strip().removeprefix(opening).removesuffix(closing)
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object, strict=False)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[name] != value for name, value in pairs):
        raise ValueError("one name has two values")
    return found


def _nodes(blocks: Sequence[Any]) -> Iterator[Node]:
    waiting: deque[tuple[Any, int]] = deque((block, 0) for block in blocks)
    seen = 0
    while waiting:
        node, depth = waiting.popleft()
        seen += 1
        if depth > MAX_NESTING or seen + len(waiting) > MAX_NODES:
            raise TooMuch
        if isinstance(node, list):
            waiting += ((one, depth + 1) for one in node)
        elif isinstance(node, dict):
            yield node
            waiting += ((node[name], depth + 1) for name in ("@graph", "mainEntity") if name in node)


def _resolved(node: Node, by_id: Mapping[str, Node]) -> Node:
    """The node with its offers and its brand in place, where it only names them."""
    found = {name: node[name] for name in ("offers", "brand") if node.get(name) is not None}
    return {**node, **{name: _in_place(value, by_id) for name, value in found.items()}} if found else node


def _in_place(value: Any, by_id: Mapping[str, Node]) -> Any:
    return [_named(one, by_id) for one in value] if isinstance(value, list) else _named(value, by_id)


def _named(value: Any, by_id: Mapping[str, Node]) -> Any:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("@id"), str):
        return by_id.get(value["@id"], value)
    return value
