"""The answer in English, a sentence a line."""

from collections.abc import Iterator

from thaman_audit.domain.why.answer import Advised, Cause, How, OpenWrite, Price, Why, WhyStatus
from thaman_audit.domain.why.words import LONG, amount, clock, percent, shown, word
from thaman_contracts.events.optimizer import POLICY, GuardStep
from thaman_contracts.handover import DecisionReport, Proposal, RunFrame

_EN = 1
UNKNOWN = "unknown"


def told_en(why: Why) -> tuple[str, ...]:
    """The answer in words."""
    return tuple(_lines(why))


def _lines(why: Why) -> Iterator[str]:
    name = f" {shown(why.seen.name)}" if why.seen else ""
    item = f"Item {shown(why.item)}{name} on {clock(why.at)} (all times are Riyadh's)"
    if why.status is WhyStatus.BEFORE_FIRST_SEEN or why.price is None:
        yield f"{item}: no price is known. The record first has one at {clock(why.first_seen_at)}."
        return
    yield f"{item}: {_price(why.price)}."
    yield _how(why.price)
    if why.put_back:
        yield (
            f"It is the price that Thaman wrote on {clock(why.put_back.at)}; it was changed meanwhile, and who put it"
            " back is not known."
        )
    if why.cause:
        yield from _cause(why.cause)
    yield _seen(why)
    for one in why.open:
        yield _open(one)
    yield from _later(why)


def _price(price: Price) -> str:
    base = f"{amount(price.base_price)} SAR in the store's own VAT basis"
    return base if price.shelf_price is None else f"{amount(price.shelf_price)} SAR on the shelf ({base})"


def _how(price: Price) -> str:
    since, before = clock(price.since), "" if price.old_base_price is None else f", before it {_old(price)}"
    match price.how:
        case How.DECISION:
            return f"Thaman wrote it; in force, read back from Salla, since {since}{before}."
        case How.MANUAL_EDIT:
            found = "" if price.found_by is None else f" by {word('source', price.found_by, _EN)}"
            return f"Somebody edited it by hand in Salla; found{found} on {since}{before}. Who it was is not known."
        case How.OBSERVED:
            return f"Salla showed it from {since} on{before}. Thaman did not write it then; who set it is not known."
        case How.FIRST_SEEN:
            return f"From before Thaman: it stood when the item was first seen, on {since}. Who set it is not known."


def _old(price: Price) -> str:
    return UNKNOWN if price.old_base_price is None else f"{amount(price.old_base_price)} SAR"


def _cause(cause: Cause) -> Iterator[str]:
    yield _decided(cause)
    if cause.approval:
        said = cause.approval
        looked = {
            True: "They were looking at exactly this proposal",
            False: "They were looking at another state of it",
            None: "What they were looking at is not recorded",
        }[said.shown_this]
        digest = "" if said.shown_digest is None else f" (digest {shown(said.shown_digest)})"
        yield f"Approved by {shown(said.by)} on {clock(said.at)}. {looked}{digest}."
    if cause.reverts:
        yield (
            f"It restores an earlier price: {shown(cause.reverts.by)} asked on {clock(cause.reverts.at)} to take back"
            f" decision {shown(cause.reverts.reverts_decision_id)}."
        )
    if cause.proposal:
        yield from _proposal(cause.proposal)
        yield from _offers(cause, cause.proposal)
    elif cause.reverts is None:
        yield "The ledger has not heard of the proposal."
    if cause.advice:
        yield _advice(cause.advice)
    if cause.run or cause.reverts is None:
        yield _run(cause.run)
    yield from _write(cause.write)


def _decided(cause: Cause) -> str:
    decision = cause.write.decision
    if decision is None:
        return "Who decided it is not known: the ledger has not heard of the decision."
    if decision.decided_by == POLICY:
        return f"Decided by the policy, without asking a person, on {clock(decision.occurred_at)}."
    return f"Decided by {shown(decision.decided_by)} on {clock(decision.occurred_at)}."


def _proposal(one: Proposal) -> Iterator[str]:
    reference = "unknown" if one.reference is None else f"{amount(one.reference)} SAR"
    yield (
        f"Proposed on {clock(one.occurred_at)}: {amount(one.new_shelf_price)} instead of {amount(one.old_shelf_price)}"
        f" SAR on the shelf; floor {amount(one.floor)}, ceiling {amount(one.ceiling)}, rivals' reference price"
        f" {reference}; strategy: {word('strategy', one.strategy, _EN)}."
    )
    reasons = f" ({shown(', '.join(one.risk_reasons))})" if one.risk_reasons else ""
    yield f"Risk: {word('risk', one.risk, _EN)}{reasons}; {word('disposition', one.disposition, _EN)}."
    yield f"Reason given: {shown(one.reason_en, LONG)}"
    yield f"Guards: {'; '.join(map(_guard, one.trail)) or 'none on record'}."
    yield _expected(one)
    model = "no demand model" if one.model_version is None else f"demand model {shown(one.model_version)}"
    policy = "no policy of its own" if one.policy_version is None else f"policy {shown(one.policy_version)}"
    yield (
        f"Made by engine {shown(one.engine_version)}, {model}, {policy}, settings {shown(one.settings_version)};"
        f" input digest {shown(one.input_digest)}."
    )


def _guard(step: GuardStep) -> str:
    moved = step.before is not None and step.after is not None and step.before != step.after
    change = f" {amount(step.before or 0)} → {amount(step.after or 0)}" if moved else ""
    detail = f" ({shown(step.detail)})" if step.detail else ""
    return f"{shown(step.guard)}: {shown(step.outcome)}{change}{detail}"


def _expected(one: Proposal) -> str:
    if one.expected_weekly_profit_change is None:
        return "What it would bring was not known."
    low, high = one.interval80_low, one.interval80_high
    between = "" if low is None or high is None else f" (80 %: {amount(low)} to {amount(high)})"
    chance = one.probability_of_gain_bp
    gain = "" if chance is None else f", {percent(chance)} chance of a gain"
    return f"Expected change of a week's profit: {amount(one.expected_weekly_profit_change)} SAR{between}{gain}."


def _offers(cause: Cause, proposal: Proposal) -> Iterator[str]:
    counted = f"Offers that counted: {shown(proposal.offers_used)}"
    yield (
        f"{counted}; on record, with others: {shown(len(cause.offers))}:"
        if cause.offers
        else f"{counted}; none is on record."
    )
    for offer in cause.offers:
        price = "no price" if offer.price is None else f"{amount(offer.price)} {shown(offer.currency or '?')}"
        earlier = ", read by an earlier run" if offer.earlier else ""
        verdict = "" if offer.verdict is None else f", {word('verdict', offer.verdict, _EN)}"
        yield (
            f"- {shown(offer.competitor)}: {price}, {word('fitness', offer.fitness, _EN)}, {clock(offer.observed_at)},"
            f" confidence {percent(offer.confidence_bp)}{earlier}{verdict}; {shown(offer.url, LONG)}"
        )


def _advice(advice: Advised) -> str:
    if advice.outcome.value != "ok":
        return f"Agents gave no advice ({shown(advice.reason or 'reason unknown')})."
    head = f"Agents ({shown(advice.model)}) were asked on {clock(advice.at)}"
    if advice.item is None:
        return f"{head} and advised nothing on this item."
    item = advice.item
    hold = ", to keep the price" if item.hold else ""
    risk = "" if item.least_risk is None else f", at least {word('risk', item.least_risk, _EN)} risk"
    return (
        f"{head} and advised ({shown(item.why)}): {shown(len(item.offers))} offers left out or weakened, demand"
        f" {percent(item.demand_factor_bp)}{risk}{hold}."
    )


def _run(run: RunFrame | None) -> str:
    if run is None:
        return "The ledger has not heard of the run."
    asked = "who asked for it is not known" if run.requested_by is None else f"asked for by {shown(run.requested_by)}"
    when = "" if run.requested_at is None else f" on {clock(run.requested_at)}"
    trigger = UNKNOWN if run.trigger is None else word("trigger", run.trigger, _EN)
    return f"Run: {trigger}, {asked}{when}."


def _write(report: DecisionReport) -> Iterator[str]:
    for one in report.attempts:
        doubt = ""
        if one.uncertain_at is not None:
            doubt = f"; its outcome was uncertain from {clock(one.uncertain_at)} ({shown(one.uncertain_reason or '?')})"
        yield f"Write, attempt {shown(one.attempt)} ({shown(one.call)}): began on {clock(one.started_at)}{doubt}."
    if report.read_back:
        corrected = "; reading settled what had been uncertain" if report.corrected else ""
        settled = word("source", report.read_back.settled_by, _EN)
        yield f"Read back on {clock(report.read_back.at)}, settled by {settled}{corrected}."
    elif report.failed:
        yield f"It failed on {clock(report.failed.at)}: {shown(report.failed.detail)}."
    elif report.stale:
        yield f"It was not written ({shown(report.stale.reason)}): {shown(report.stale.detail)}."


def _seen(why: Why) -> str:
    seen = why.seen
    if seen is None:
        return "The catalogue that it stood on is not on record; cost unknown."
    cost = "cost unknown" if seen.cost is None else f"cost {amount(seen.cost)} SAR without VAT"
    stock = "not counted" if seen.unlimited else UNKNOWN if seen.stock is None else shown(seen.stock)
    return (
        f"It stood on Salla's catalogue as seen on {clock(seen.at)} ({word('source', seen.source, _EN)}): base price"
        f" {amount(seen.base_price)} SAR, {cost}, stock {stock}, {word('status', seen.status, _EN)}."
    )


def _open(one: OpenWrite) -> str:
    write = one.write
    target = _target(write)
    now = word("state", write.state, _EN)
    end = f"It is still open ({now})" if write.settled_at is None else f"On {clock(write.settled_at)}: {now}"
    doubt = " Until then Salla may have shown either price." if one.state.value != "due" else ""
    return f"Another price was under way: {target}, {word('state', one.state, _EN)}. {end}.{doubt}"


def _target(write: DecisionReport) -> str:
    if write.decision is not None:
        return f"{amount(write.decision.base_price)} SAR (base price)"
    return f"{amount(write.attempts[-1].target_base_price)} SAR (base price)" if write.attempts else UNKNOWN


def _later(why: Why) -> Iterator[str]:
    if why.reverted:
        yield f"{shown(why.reverted.by)} asked on {clock(why.reverted.at)} to take this price back."
    if why.gone_at:
        yield f"Salla no longer had the item from {clock(why.gone_at)} on."
    if why.after:
        how = {
            How.DECISION: f"written by Thaman, decided by {_who(why.after)}",
            How.MANUAL_EDIT: "edited by hand in Salla",
        }.get(why.after.how, "shown by Salla, nobody knows who set it")
        yield f"It no longer stands: {_price(why.after)} took its place on {clock(why.after.since)}, {how}."
    elif not why.gone_at:
        yield "As far as the record goes, it still stands."


def _who(price: Price) -> str:
    if price.who is None:
        return "somebody not on record"
    return "the policy" if price.who == POLICY else shown(price.who)
