"""Rivals' listings: what they are, and which of them are the store's own products."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thaman_contracts.events.listings import ListingMatch, MatchKind
from thaman_contracts.ids import derived_id
from thaman_optimizer.domain.addresses import is_of_shop, is_web_address, shop_of
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.matching import (
    NOTHING_LEARNED,
    Corpus,
    Kind,
    Match,
    Matcher,
    OwnProduct,
    StoreShift,
    candidates,
    features,
    learn,
)
from thaman_optimizer.domain.matching import Listing as Described
from thaman_optimizer.domain.plain_text import harmless

LONGEST_TEXT = 200
"""Letters that are kept of what a listing says of itself."""

MOST_OF_ONE_RIVAL = 3
"""Listings of one competitor that are kept for one product: shops do list a thing more than once."""

LIKELY = 20
"""Listings that are compared with a product for their titles; a feed may name it once for each of many competitors."""

MOST_ANSWERS = 5_000
"""A store's answers that its matching learns from."""

_BY_TITLE = frozenset(("titles_alike", "titles_unlike"))
_SEVERAL = "several_own_products"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a rival offers at an address: what it is, not what it costs. ``digest`` is of the page or the feed's row."""

    competitor: str
    url: str
    title: str
    brand: str | None = None
    gtin: str | None = None
    model: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class OwnItem:
    """One of the store's priced things, as listings are compared with it."""

    item_key: str
    product_id: str
    variant_id: str | None
    product: OwnProduct


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A pair as it was judged last. ``confirmed`` is the merchant's answer, ``None`` without one, and
    ``answered_title`` the listing's title when they gave it."""

    match: ListingMatch
    confirmed: bool | None
    answered_title: str | None


def match_id(store_id: str, item_key: str, url: str) -> str:
    """The id of the question whether the listing at ``url`` is the store's product."""
    return str(derived_id("match", store_id, item_key, url))


def own_address(domain: str | None) -> str | None:
    """The store's own address from its domain, which platforms write with a scheme or without; ``None`` if unusable."""
    if domain is None:
        return None
    address = domain if "//" in domain else f"https://{domain}"
    return address if is_web_address(address) else None


def is_own(url: str, own: str | None) -> bool:
    """Whether a usable address is of the store at the address ``own``."""
    return own is not None and is_of_shop(url, shop_of(own))


def match_listings(
    store_id: str,
    own: Sequence[OwnItem],
    listings: Sequence[Listing],
    known: Sequence[KnownMatch],
    matcher: Matcher,
) -> list[ListingMatch]:
    """What has to be told of ``listings``: new matches, and known ones that are judged otherwise now.

    Listings must have addresses of their own. ``known`` are the store's earlier matches; nothing of another store is
    looked at. Of each competitor the best few are kept for a product; a listing that would be several own products is
    automatic for none of them.
    """
    if not own or not listings:
        return []
    before = {(one.match.key, one.match.url): one for one in known}
    places = {one.item_key: place for place, one in enumerate(own)}
    taught = [one for one in known if one.confirmed is not None and one.match.key in places][-MOST_ANSWERS:]
    texts = [*map(_described, listings), *(_taught(one) for one in taught)]
    corpus = Corpus.of([one.product for one in own], texts)
    shift = _learned(corpus, matcher, places, taught, len(listings))
    first, second = _pairs(corpus, places, listings, before)
    judged = matcher.match_pairs(corpus, first, second, shift)
    found = [
        _told(store_id, own[one], listings[other], match)
        for one, other, match in zip(first.tolist(), second.tolist(), judged, strict=True)
    ]
    kept = _kept(_without_doubles(found), before)
    return [one for one in kept if _is_news(one, before.get((one.key, one.url)))]


def _pairs(
    corpus: Corpus,
    places: Mapping[str, int],
    listings: Sequence[Listing],
    before: Iterable[tuple[str, str]],
) -> tuple[Ints, Ints]:
    """Pairs that are likely, and all that were held to be matches before; in order, each once."""
    first, second = candidates(corpus, LIKELY)
    seen = {listing.url: place for place, listing in enumerate(listings)}
    again = [(places[key], seen[url]) for key, url in before if key in places and url in seen]
    stride = len(listings)
    likely = second < stride
    codes = np.concatenate(
        (first[likely] * stride + second[likely], np.array([one * stride + other for one, other in again], np.int64))
    )
    pairs = np.unique(codes)
    return pairs // stride, pairs % stride


def _learned(
    corpus: Corpus, matcher: Matcher, places: Mapping[str, int], taught: Sequence[KnownMatch], begin: int
) -> StoreShift:
    """What the store's answers about matches by title teach."""
    by_title = [place for place, one in enumerate(taught) if one.match.why and one.match.why[0] in _BY_TITLE]
    if not by_title:
        return NOTHING_LEARNED
    first = np.array([places[taught[place].match.key] for place in by_title], np.int64)
    second = np.array([begin + place for place in by_title], np.int64)
    log_odds = matcher.trees.log_odds(features(corpus, first, second))
    return learn(log_odds, np.array([bool(taught[place].confirmed) for place in by_title]))


def _without_doubles(found: Sequence[ListingMatch]) -> list[ListingMatch]:
    claims: dict[str, int] = defaultdict(int)
    for one in found:
        claims[one.url] += one.automatic
    return [
        one.model_copy(update={"automatic": False, "why": (*one.why, _SEVERAL)})
        if one.automatic and claims[one.url] > 1
        else one
        for one in found
    ]


def _kept(found: Sequence[ListingMatch], before: Mapping[tuple[str, str], KnownMatch]) -> list[ListingMatch]:
    """The best few of each product and competitor, and all that were told before."""
    groups: dict[tuple[str, str], list[ListingMatch]] = defaultdict(list)
    kept = []
    for one in found:
        if (one.key, one.url) in before:
            kept.append(one)
        elif one.kind in (MatchKind.EXACT, MatchKind.SIMILAR):
            groups[one.key, one.competitor].append(one)
    for group in groups.values():
        exact = [one for one in group if one.kind is MatchKind.EXACT]
        most = MOST_OF_ONE_RIVAL if exact else 1
        kept += sorted(exact or group, key=lambda one: (not one.automatic, -one.confidence_bp, one.url))[:most]
    return sorted(kept, key=lambda one: (one.key, one.url))


def _is_news(match: ListingMatch, known: KnownMatch | None) -> bool:
    # A page changes with every view of it; that alone is nothing to tell.
    return known is None or known.match.model_copy(update={"digest": match.digest}) != match


def _told(store_id: str, item: OwnItem, listing: Listing, match: Match) -> ListingMatch:
    return ListingMatch.model_validate(
        {
            "match_id": match_id(store_id, item.item_key, listing.url),
            "product_id": item.product_id,
            "variant_id": item.variant_id,
            "competitor": listing.competitor,
            "url": listing.url,
            "title": harmless(listing.title, LONGEST_TEXT),
            "brand": _short(listing.brand),
            "gtin": _short(listing.gtin),
            "model": _short(listing.model),
            "digest": listing.digest,
            "kind": _KINDS[match.kind],
            "confidence_bp": match.confidence_bp,
            "automatic": match.automatic,
            "why": match.why,
        }
    )


_KINDS = {
    Kind.EXACT: MatchKind.EXACT,
    Kind.SIMILAR: MatchKind.SIMILAR,
    Kind.NONE: MatchKind.NONE,
    Kind.CONFLICT: MatchKind.CONFLICT,
}


def _described(listing: Listing) -> Described:
    return Described(listing.title, listing.brand, listing.gtin, listing.model)


def _taught(known: KnownMatch) -> Described:
    match = known.match
    return Described(known.answered_title or match.title, match.brand, match.gtin, match.model)


def _short(text: str | None) -> str | None:
    return (harmless(text, LONGEST_TEXT) or None) if text else None
