"""What classes, attributes and style sheets say of how an element looks: not at all, crossed out, or as what."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from thaman_optimizer.domain.reading.markup import classes_of

_MOST_STYLE = 200_000
"""Letters of style sheets in a page that are looked through."""

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*\.?0+\s*(?:;|!|$)|font-size\s*:\s*0(?![.\d])"
    r"|text-indent\s*:\s*-\d{3}|(?:left|top|right)\s*:\s*-\d{3}|clip\s*:\s*rect\(0|color\s*:\s*transparent"
    r"|(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*0(?![.\d])"
)
_STRIKING = re.compile(r"line-through")
_HIDDEN_CLASSES = frozenset((
    "hidden", "d-none", "is-hidden", "hide", "visually-hidden", "visuallyhidden", "sr-only", "screen-reader-text",
    "invisible",
))  # fmt: skip
_SHOWN_AGAIN = re.compile(r" (?:sm|md|lg|xl|2xl):(?:block|flex|inline|inline-block|inline-flex|grid|contents) ")
_STRUCK_CLASSES = re.compile(
    r"line-through|strike|crossed|old-?price|price[-_]{1,2}old|price-?before|before-?price|was-?price|price-?was|compare[-_]?at"
    r"|price[-_]{1,2}compare|list-?price|original-?price|price[-_]{1,2}original|price-?regular-?old|msrp|rrp"
)
_STRUCK_TAGS = frozenset(("del", "s", "strike"))

_ROLES = {
    "instalment": re.compile(r"instal+ment|tabby|tamara|madfu|spotii|postpay|bnpl|monthly"),
    "shipping": re.compile(r"shipping|delivery"),
    "coupon": re.compile(r"coupon|voucher|promo-?code"),
    "saving": re.compile(r"saving|you-?save|discount-?(?:amount|badge|label|tag)|cash-?back|points"),
    "unit": re.compile(r"unit-?price|price-?per|per-?unit"),
    "member": re.compile(r"member|wholesale|loyalty"),
    "bundle": re.compile(r"bundle|tier-?price|bulk|quantity-?break|bought-?together"),
}
_APART = re.compile(
    r"related|upsell|up-sell|cross-?sell|recommend|similar|also-(?:like|bought|viewed)|recently|suggest|cart-drawer"
    r"|(?:mini|side|drawer)-?cart|reviews?[ _-]|comments?[ _-]|newsletter|breadcrumb|announcement|promo-?bar|top-?bar"
    r"|site-header|site-footer|cookie|mega-?menu|carousel|sponsored|(?:^| )(?:ads?|advert\w*)(?: |$)"
)
"""Parts of a page that are about other things than its product."""

_RULE = re.compile(r"[.#]([\w-]{1,80})\s*$")


def is_hidden(element: HtmlElement, hidden_names: frozenset[str]) -> bool:
    """Whether a person does not see the element; ``hidden_names`` are classes and ids that style sheets hide."""
    if element.get("hidden") is not None or element.get("aria-hidden", "").strip().lower() == "true":
        return True
    style = element.get("style")
    if style and _HIDING.search(style[:1_000].lower()):
        return True
    names = classes_of(element)
    if names.isspace():
        return False
    parts = frozenset(names.split())
    if parts & hidden_names:
        return True
    return bool(parts & _HIDDEN_CLASSES) and not _SHOWN_AGAIN.search(names)


def is_struck(element: HtmlElement) -> bool:
    """Whether what is in the element is crossed out, or a price of before."""
    style = element.get("style") or ""
    return (
        element.tag in _STRUCK_TAGS
        or _STRIKING.search(style[:1_000].lower()) is not None
        or _STRUCK_CLASSES.search(classes_of(element)) is not None
    )


def is_apart(element: HtmlElement) -> bool:
    """Whether the element is a part of the page about other things."""
    return _APART.search(classes_of(element)) is not None


def roles_of(element: HtmlElement) -> Iterator[str]:
    """Roles that the element's classes give to amounts in it."""
    names = classes_of(element)
    if not names.isspace():
        yield from (role for role, pattern in _ROLES.items() if pattern.search(names))


def hidden_names(root: HtmlElement) -> frozenset[str]:
    """Classes and ids that the page's own style sheets hide; only rules that name nothing else last."""
    text = "".join((sheet.text or "")[:_MOST_STYLE] for sheet in root.iter("style"))[:_MOST_STYLE].lower()
    found = set()
    for rule in text.split("}"):
        selectors, _, body = rule.rpartition("{")
        if len(body) <= 4_000 and _HIDING.search(body):
            for selector in selectors[-1_000:].rpartition("{")[2].split(","):
                match = _RULE.search(selector)
                if match:
                    found.add(match[1])
    return frozenset(found)
