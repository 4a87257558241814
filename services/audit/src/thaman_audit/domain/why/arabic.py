"""The answer in Arabic, a sentence a line."""

from collections.abc import Iterator

from thaman_audit.domain.why.answer import Advised, Cause, How, OpenWrite, Price, Why, WhyStatus
from thaman_audit.domain.why.words import LONG, amount, clock, percent, shown, word
from thaman_contracts.events.optimizer import POLICY, GuardStep
from thaman_contracts.handover import DecisionReport, Proposal, RunFrame

_AR = 0
UNKNOWN = "غير معروف"


def told_ar(why: Why) -> tuple[str, ...]:
    """The answer in words."""
    return tuple(_lines(why))


def _lines(why: Why) -> Iterator[str]:
    name = f" {shown(why.seen.name)}" if why.seen else ""
    item = f"المنتج {shown(why.item)}{name} في {clock(why.at)} (الأوقات كلها بتوقيت الرياض)"
    if why.status is WhyStatus.BEFORE_FIRST_SEEN or why.price is None:
        yield f"{item}: لا يُعرف له سعر. أول سعر في السجل في {clock(why.first_seen_at)}."
        return
    yield f"{item}: {_price(why.price)}."
    yield _how(why.price)
    if why.put_back:
        yield f"هو السعر الذي كتبه ثَمَن في {clock(why.put_back.at)}؛ تغيّر بعدها، ولا يُعرف من أعاده."
    if why.cause:
        yield from _cause(why.cause)
    yield _seen(why)
    for one in why.open:
        yield _open(one)
    yield from _later(why)


def _price(price: Price) -> str:
    base = f"{amount(price.base_price)} ر.س بأساس المتجر الضريبي"
    return base if price.shelf_price is None else f"{amount(price.shelf_price)} ر.س للمتسوق ({base})"


def _how(price: Price) -> str:
    since = clock(price.since)
    before = "" if price.old_base_price is None else f"، وكان قبله {amount(price.old_base_price)} ر.س"
    match price.how:
        case How.DECISION:
            return f"كتبه ثَمَن؛ وهو سارٍ بعد التحقق من سلة منذ {since}{before}."
        case How.MANUAL_EDIT:
            found = "" if price.found_by is None else f" عبر: {word('source', price.found_by, _AR)}،"
            return f"عُدّل يدويًا في سلة؛ اكتُشف ذلك{found} في {since}{before}. ولا يُعرف من عدّله."
        case How.OBSERVED:
            return f"أظهرته سلة منذ {since}{before}. لم يكتبه ثَمَن حينها، ولا يُعرف من وضعه."
        case How.FIRST_SEEN:
            return f"هو من قبل ثَمَن: كان قائمًا حين رُئي المنتج أول مرة في {since}. ولا يُعرف من وضعه."


def _cause(cause: Cause) -> Iterator[str]:
    yield _decided(cause)
    if cause.approval:
        said = cause.approval
        looked = {
            True: "وكان أمامه هذا الاقتراح بعينه",
            False: "وكانت أمامه صيغة أخرى منه",
            None: "ولم يُسجَّل ما كان أمامه",
        }[said.shown_this]
        digest = "" if said.shown_digest is None else f" (البصمة {shown(said.shown_digest)})"
        yield f"وافق عليه {shown(said.by)} في {clock(said.at)}، {looked}{digest}."
    if cause.reverts:
        yield (
            f"يعيد سعرًا سابقًا: طلب {shown(cause.reverts.by)} في {clock(cause.reverts.at)} التراجع عن القرار"
            f" {shown(cause.reverts.reverts_decision_id)}."
        )
    if cause.proposal:
        yield from _proposal(cause.proposal)
        yield from _offers(cause, cause.proposal)
    elif cause.reverts is None:
        yield "لم يصل الاقتراح إلى السجل."
    if cause.advice:
        yield _advice(cause.advice)
    if cause.run or cause.reverts is None:
        yield _run(cause.run)
    yield from _write(cause.write)


def _decided(cause: Cause) -> str:
    decision = cause.write.decision
    if decision is None:
        return "لا يُعرف من قرّره: لم يصل القرار إلى السجل."
    if decision.decided_by == POLICY:
        return f"قرّرته السياسة دون سؤال شخص في {clock(decision.occurred_at)}."
    return f"قرّره {shown(decision.decided_by)} في {clock(decision.occurred_at)}."


def _proposal(one: Proposal) -> Iterator[str]:
    reference = UNKNOWN if one.reference is None else f"{amount(one.reference)} ر.س"
    yield (
        f"اقتُرح في {clock(one.occurred_at)}: {amount(one.new_shelf_price)} بدل {amount(one.old_shelf_price)} ر.س"
        f" للمتسوق؛ الحد الأدنى {amount(one.floor)}، والحد الأعلى {amount(one.ceiling)}، والسعر المرجعي للمنافسين"
        f" {reference}؛ الاستراتيجية: {word('strategy', one.strategy, _AR)}."
    )
    reasons = f" ({shown(', '.join(one.risk_reasons))})" if one.risk_reasons else ""
    yield f"الخطر: {word('risk', one.risk, _AR)}{reasons}؛ {word('disposition', one.disposition, _AR)}."
    yield f"السبب المذكور: {shown(one.reason_ar, LONG)}"
    yield f"القيود: {'؛ '.join(map(_guard, one.trail)) or 'لا شيء في السجل'}."
    yield _expected(one)
    model = "بلا نموذج طلب" if one.model_version is None else f"نموذج الطلب {shown(one.model_version)}"
    policy = "بلا سياسة خاصة" if one.policy_version is None else f"السياسة {shown(one.policy_version)}"
    yield (
        f"المحرك {shown(one.engine_version)}، {model}، {policy}، الإعدادات {shown(one.settings_version)}؛"
        f" بصمة المدخلات {shown(one.input_digest)}."
    )


def _guard(step: GuardStep) -> str:
    moved = step.before is not None and step.after is not None and step.before != step.after
    change = f" من {amount(step.before or 0)} إلى {amount(step.after or 0)}" if moved else ""
    detail = f" ({shown(step.detail)})" if step.detail else ""
    return f"{shown(step.guard)}: {shown(step.outcome)}{change}{detail}"


def _expected(one: Proposal) -> str:
    if one.expected_weekly_profit_change is None:
        return "لم يُعرف ما سيأتي به."
    low, high = one.interval80_low, one.interval80_high
    between = "" if low is None or high is None else f" ({percent(8_000)}: من {amount(low)} إلى {amount(high)})"
    chance = one.probability_of_gain_bp
    gain = "" if chance is None else f"، واحتمال الزيادة {percent(chance)}"
    return f"التغير المتوقع في ربح أسبوع: {amount(one.expected_weekly_profit_change)} ر.س{between}{gain}."


def _offers(cause: Cause, proposal: Proposal) -> Iterator[str]:
    counted = f"عدد العروض المحسوبة: {shown(proposal.offers_used)}"
    if cause.offers:
        yield f"{counted}؛ وفي السجل منها ومن غيرها {shown(len(cause.offers))}:"
    else:
        yield f"{counted}؛ وليس في السجل عرض."
    for offer in cause.offers:
        price = "بلا سعر" if offer.price is None else f"{amount(offer.price)} {shown(offer.currency or '?')}"
        earlier = "، من تسعير سابق" if offer.earlier else ""
        verdict = "" if offer.verdict is None else f"، {word('verdict', offer.verdict, _AR)}"
        yield (
            f"- {shown(offer.competitor)}: {price}، {word('fitness', offer.fitness, _AR)}، {clock(offer.observed_at)}،"
            f" الثقة {percent(offer.confidence_bp)}{earlier}{verdict}؛ {shown(offer.url, LONG)}"
        )


def _advice(advice: Advised) -> str:
    if advice.outcome.value != "ok":
        return f"لا مشورة من الوكلاء ({shown(advice.reason or 'السبب غير معروف')})."
    head = f"سُئل الوكلاء ({shown(advice.model)}) في {clock(advice.at)}"
    if advice.item is None:
        return f"{head} ولم ينصحوا بشيء في هذا المنتج."
    item = advice.item
    hold = "، وإبقاء السعر" if item.hold else ""
    risk = "" if item.least_risk is None else f"، والخطر {word('risk', item.least_risk, _AR)} على الأقل"
    return (
        f"{head} فنصحوا ({shown(item.why)}): استبعاد أو تخفيف وزن {shown(len(item.offers))} من العروض، والطلب المتوقع"
        f" {percent(item.demand_factor_bp)}{risk}{hold}."
    )


def _run(run: RunFrame | None) -> str:
    if run is None:
        return "لم يصل خبر التسعير إلى السجل."
    asked = "ولا يُعرف من طلبه" if run.requested_by is None else f"بطلب من {shown(run.requested_by)}"
    when = "" if run.requested_at is None else f" في {clock(run.requested_at)}"
    trigger = UNKNOWN if run.trigger is None else word("trigger", run.trigger, _AR)
    return f"التسعير: {trigger}، {asked}{when}."


def _write(report: DecisionReport) -> Iterator[str]:
    for one in report.attempts:
        doubt = ""
        if one.uncertain_at is not None:
            doubt = f"؛ ولم تُعرف نتيجتها منذ {clock(one.uncertain_at)} ({shown(one.uncertain_reason or '?')})"
        yield f"الكتابة، المحاولة {shown(one.attempt)} ({shown(one.call)}): بدأت في {clock(one.started_at)}{doubt}."
    if report.read_back:
        corrected = "؛ وحسمت القراءة ما لم يكن معروفًا" if report.corrected else ""
        settled = word("source", report.read_back.settled_by, _AR)
        yield f"تم التحقق في {clock(report.read_back.at)} عبر: {settled}{corrected}."
    elif report.failed:
        yield f"تعذّرت الكتابة في {clock(report.failed.at)}: {shown(report.failed.detail)}."
    elif report.stale:
        yield f"لم يُكتب ({shown(report.stale.reason)}): {shown(report.stale.detail)}."


def _seen(why: Why) -> str:
    seen = why.seen
    if seen is None:
        return "ليس في السجل ما رُئي في المتجر قبله؛ والتكلفة غير معروفة."
    cost = "التكلفة غير معروفة" if seen.cost is None else f"التكلفة {amount(seen.cost)} ر.س دون الضريبة"
    stock = "غير محدود" if seen.unlimited else UNKNOWN if seen.stock is None else shown(seen.stock)
    return (
        f"بُني على ما رُئي في سلة في {clock(seen.at)} ({word('source', seen.source, _AR)}): السعر الأساسي"
        f" {amount(seen.base_price)} ر.س، {cost}، المخزون {stock}، {word('status', seen.status, _AR)}."
    )


def _open(one: OpenWrite) -> str:
    write = one.write
    now = word("state", write.state, _AR)
    end = f"وما زالت مفتوحة ({now})" if write.settled_at is None else f"ثم في {clock(write.settled_at)}: {now}"
    doubt = " وحتى ذلك الحين ربما أظهرت سلة أيًّا من السعرين." if one.state.value != "due" else ""
    return f"كانت هناك كتابة سعر آخر: {_target(write)}، {word('state', one.state, _AR)}، {end}.{doubt}"


def _target(write: DecisionReport) -> str:
    if write.decision is not None:
        return f"{amount(write.decision.base_price)} ر.س (السعر الأساسي)"
    return f"{amount(write.attempts[-1].target_base_price)} ر.س (السعر الأساسي)" if write.attempts else UNKNOWN


def _later(why: Why) -> Iterator[str]:
    if why.reverted:
        yield f"طلب {shown(why.reverted.by)} في {clock(why.reverted.at)} التراجع عن هذا السعر."
    if why.gone_at:
        yield f"لم يعد المنتج موجودًا في سلة منذ {clock(why.gone_at)}."
    if why.after:
        how = {
            How.DECISION: f"كتبه ثَمَن بقرار من {_who(why.after)}",
            How.MANUAL_EDIT: "عُدّل يدويًا في سلة",
        }.get(why.after.how, "أظهرته سلة ولا يُعرف من وضعه")
        yield f"لم يعد ساريًا: حل محله {_price(why.after)} في {clock(why.after.since)}، {how}."
    elif not why.gone_at:
        yield "وهو ما زال ساريًا بحسب السجل."


def _who(price: Price) -> str:
    if price.who is None:
        return "شخص ليس في السجل"
    return "السياسة" if price.who == POLICY else shown(price.who)
