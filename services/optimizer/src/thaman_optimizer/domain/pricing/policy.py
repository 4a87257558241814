"""A merchant's policy as the black box takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thaman_contracts.events.policies import DateRest, SeasonRest, Sleep
from thaman_contracts.events.settings import AutomationMode
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.decision import TOLERANCES, DecisionPolicy, Ending, ending_named
from thaman_optimizer.domain.decision.endings import DEFAULT_ENDING, UnknownEnding
from thaman_optimizer.domain.pricing.parts import part, parts
from thaman_optimizer.domain.pricing.strategies import Strategy, strategy_from
from thaman_optimizer.domain.pricing.values import BadValue, truth, whole

_LARGEST_MARKUP_BP = 100_000
_LARGEST_STEP_BP = 5_000

KNOWN = frozenset(
    {
        "now",
        "min_margin_bp",
        "margin_basis",
        "vat_bp",
        "fee_bp",
        "risk_tolerance",
        "mode",
        "max_step_bp",
        "ending",
        "strategies",
        "cost_includes_vat",
        "season_rests",
        "date_rests",
        "sleep",
    }
)
"""Every key of a policy."""


class PolicyInvalid(ValueError):
    """A policy that cannot be meant; the message names the field."""


@dataclass(frozen=True, slots=True)
class PricingPolicy:
    """What a merchant asks of the engine. Shares in basis points; ``min_margin_bp`` as ``markup`` says: a mark-up on
    the cost or a share of the price without VAT. Costs are without VAT unless ``cost_includes_vat``. Prices rest in
    ``season_rests``, ``date_rests`` and ``sleep``, except those below their floors."""

    min_margin_bp: int
    markup: bool = False
    vat_bp: int = 1_500
    fee_bp: int = 0
    risk_tolerance: str = "medium"
    mode: AutomationMode = AutomationMode.MANUAL
    max_step_bp: int | None = None
    ending: Ending = DEFAULT_ENDING
    strategies: tuple[Strategy, ...] = ()
    cost_includes_vat: bool = False
    season_rests: tuple[SeasonRest, ...] = ()
    date_rests: tuple[DateRest, ...] = ()
    sleep: Sleep | None = None

    def decision(self) -> DecisionPolicy:
        """The part that decisions are made with."""
        return DecisionPolicy(
            tolerance=TOLERANCES[self.risk_tolerance],
            mode=self.mode,
            vat_bp=self.vat_bp,
            fee_bp=self.fee_bp,
            min_margin_bp=self.min_margin_bp,
            markup=self.markup,
            ending=self.ending,
            max_step_bp=self.max_step_bp,
        )

    def without_vat(self, cost: int) -> int:
        """A cost as given, without VAT, rounded up."""
        return -(-cost * BP_ONE // (BP_ONE + self.vat_bp)) if self.cost_includes_vat else cost


def policy_from(data: Any) -> PricingPolicy:
    """The policy in a JSON object. ``now`` is not part of it, as nothing in a policy knows the time.

    Raises:
        PolicyInvalid: not a policy.
    """
    if not isinstance(data, Mapping):
        raise PolicyInvalid("a policy must be a JSON object")
    try:
        return _policy(data)
    except (BadValue, UnknownEnding) as error:
        raise PolicyInvalid(str(error)) from error


def _policy(data: Mapping[str, Any]) -> PricingPolicy:
    if data.get("min_margin_bp") is None:
        raise BadValue("min_margin_bp is missing: without it there is no floor")
    basis = _one_of(data.get("margin_basis", "margin"), "margin_basis", ("margin", "markup"))
    markup = basis == "markup"
    most = _LARGEST_MARKUP_BP if markup else BP_ONE - 1
    step, strategies = data.get("max_step_bp"), data.get("strategies") or []
    if not isinstance(strategies, list):
        raise BadValue("strategies must be a list")
    made = PricingPolicy(
        min_margin_bp=whole(data["min_margin_bp"], "min_margin_bp", 0, most),
        markup=markup,
        vat_bp=whole(_or(data.get("vat_bp"), 1_500), "vat_bp", 0, BP_ONE),
        fee_bp=whole(_or(data.get("fee_bp"), 0), "fee_bp", 0, BP_ONE - 1),
        risk_tolerance=_one_of(data.get("risk_tolerance") or "medium", "risk_tolerance", tuple(TOLERANCES)),
        mode=AutomationMode(_one_of(_dashed(data.get("mode") or "manual"), "mode", tuple(AutomationMode))),
        max_step_bp=None if step is None else whole(step, "max_step_bp", 1, _LARGEST_STEP_BP),
        ending=_ending(data.get("ending")),
        strategies=tuple(strategy_from(one, f"strategies[{i}]") for i, one in enumerate(strategies)),
        cost_includes_vat=truth(data.get("cost_includes_vat", False), "cost_includes_vat"),
        season_rests=parts(SeasonRest, data.get("season_rests"), "season_rests"),
        date_rests=parts(DateRest, data.get("date_rests"), "date_rests"),
        sleep=None if data.get("sleep") is None else part(Sleep, data["sleep"], "sleep"),
    )
    if made.fee_bp + (0 if markup else made.min_margin_bp) >= BP_ONE:
        raise BadValue("min_margin_bp and fee_bp together reach the whole price, so no price keeps them")
    return made


def _ending(value: Any) -> Ending:
    if value is None or isinstance(value, str):
        return ending_named(value)
    if type(value) is int and 0 <= value <= 99:
        return ending_named(f".{value:02d}" if value != 9 else "9")
    if type(value) is float and 0 <= value < 1:
        return ending_named(f".{round(value * 100):02d}")
    raise BadValue(f"ending must be text, not {value!r}")


def _or(value: Any, otherwise: int) -> Any:
    return otherwise if value is None else value


def _dashed(value: Any) -> Any:
    return value.replace("-", "_") if isinstance(value, str) else value


def _one_of(value: Any, name: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadValue(f"{name} must be one of {', '.join(known)}, not {value!r}")
    return str(value)
