"""What a policy says, sentence by sentence, and so how it differs from another one."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from thaman_contracts.events.policies import DateRest, PricePolicy, ScopedStrategy, SeasonRest, StrategyScope
from thaman_dashboard.pages.speech import Speech

SHOWN_NAMES = 8
"""More names than these are only counted."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Sentences that only one of two policies says."""

    more: tuple[Markup, ...]
    less: tuple[Markup, ...]


def said(s: Speech, policy: PricePolicy, currency: str) -> tuple[Markup, ...]:
    """All that a policy says; nothing where it leaves everything as the settings have it."""
    return tuple(
        [
            *_whole(s, policy),
            *(_strategy(s, one, currency) for one in sorted(policy.strategies, key=lambda one: -one.priority)),
            *(_season_rest(s, one) for one in policy.season_rests),
            *(_date_rest(s, one) for one in policy.date_rests),
            *_sleep(s, policy),
        ]
    )


def differences(s: Speech, policy: PricePolicy, other: PricePolicy | None, currency: str) -> Differences:
    """What ``policy`` says that ``other`` does not, and the reverse; without another, all it says."""
    mine = said(s, policy, currency)
    theirs = () if other is None else said(s, other, currency)
    return Differences(tuple(one for one in mine if one not in theirs), tuple(one for one in theirs if one not in mine))


def _whole(s: Speech, policy: PricePolicy) -> Iterable[Markup]:
    words = {"strategy": "strategy", "risk_tolerance": "tolerance", "ending": "ending"}
    for name, kind in words.items():
        code = getattr(policy, name)
        if code is not None:
            yield s.say(f"policies.says.{name}", word=s.word(kind, code))
    for name in ("offset_bp", "min_margin_bp", "max_step_bp"):
        share = getattr(policy, name)
        if share is not None:
            yield s.say(f"policies.says.{name}", share=s.share(share))
    if policy.variants.value != "together":
        yield s.say("policies.says.variants", word=s.word("variants", policy.variants))


def _strategy(s: Speech, one: ScopedStrategy, currency: str) -> Markup:
    parts = [Markup("{}").format(s.word("strategy", one.kind))]
    if one.by_bp:
        parts.append(s.say("policies.says.by", by=s.share(one.by_bp)))
    if one.by:
        parts.append(s.say("policies.says.by", by=s.money(one.by, currency)))
    if one.kind.value in ("undercut", "premium", "match", "position") and one.against.value != "median":
        against = s.word("against", one.against)
        is_rank = one.against.value == "rank"
        parts.append(
            s.say("policies.says.against", against=Markup("{} {}").format(against, one.rank) if is_rank else against)
        )
    if one.kind.value == "cost_plus":
        parts.append(s.say("policies.says.markup", share=s.share(one.markup_bp)))
    if one.price is not None:
        parts.append(s.money(one.price, currency))
    return s.say(
        "policies.says.scoped",
        what=_joined(s, parts),
        where=_scope(s, one.scope),
        when=_when(s, one),
        priority=s.number(one.priority),
    )


def _scope(s: Speech, scope: StrategyScope) -> Markup:
    named = [
        s.say(f"policies.scope.{kind}", names=_names(s, names))
        for kind in ("products", "brands", "categories")
        if (names := getattr(scope, kind))
    ]
    return _joined(s, named) if named else s.say("policies.scope.all")


def _when(s: Speech, one: ScopedStrategy) -> Markup:
    parts = []
    if one.season is not None:
        parts.append(s.say("policies.says.in_season", season=s.word("season", one.season)))
    if one.starts_at is not None:
        parts.append(s.say("policies.says.from", at=s.moment(one.starts_at)))
    if one.ends_at is not None:
        parts.append(s.say("policies.says.until", at=s.moment(one.ends_at)))
    return Markup("").join(Markup("{}{}").format(_comma(s), part) for part in parts)


def _season_rest(s: Speech, one: SeasonRest) -> Markup:
    return s.say(
        "policies.says.season_rest",
        season=s.word("season", one.season),
        before=s.number(one.days_before),
        after=s.number(one.days_after),
    )


def _date_rest(s: Speech, one: DateRest) -> Markup:
    return s.say(
        "policies.says.date_rest",
        name=Markup("<bdi>{}</bdi>").format(one.name),
        start=s.moment(one.starts_at),
        end=s.moment(one.ends_at),
    )


def _sleep(s: Speech, policy: PricePolicy) -> Iterable[Markup]:
    if policy.sleep is not None:
        start, end = (s.clock_time(text) for text in (policy.sleep.from_time, policy.sleep.until_time))
        yield s.say("policies.says.sleep", start=start, end=end)


def _names(s: Speech, names: Iterable[str]) -> Markup:
    known = list(names)
    shown = _joined(s, [Markup("<bdi>{}</bdi>").format(name) for name in known[:SHOWN_NAMES]])
    more = len(known) - SHOWN_NAMES
    return shown if more <= 0 else s.say("policies.scope.more", names=shown, more=s.number(more))


def _joined(s: Speech, parts: Iterable[Markup]) -> Markup:
    return Markup(_comma(s)).join(parts)  # noqa: S704 - a comma


def _comma(s: Speech) -> str:
    return "، " if s.language == "ar" else ", "
