"""Reading what Salla says: times, expiry, VAT, 401s, languages. Nothing here needs a server."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_kit.problems import Problem
from thaman_onboarding.adapters.salla_oauth import challenge_of, token_set
from thaman_onboarding.adapters.salla_store import prices_include_vat, vat_bp
from thaman_onboarding.api import ERRORS
from thaman_onboarding.domain.unauthorized import Unauthorized, classify
from thaman_onboarding.errors import InvalidChange, OnboardingError, SallaMalformed, WebhookMalformed
from thaman_onboarding.pages.texts import CHROME, PROBLEMS
from thaman_onboarding.webhooks import parse, read_time

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-12-31 12:31:25", datetime(2022, 12, 31, 9, 31, 25, tzinfo=UTC)),
        ("Sun Dec 14 2025 11:41:40 GMT+0300", datetime(2025, 12, 14, 8, 41, 40, tzinfo=UTC)),
        ("Sun Dec 14 2025 11:41:40 GMT+0300 (Arabian Standard Time)", datetime(2025, 12, 14, 8, 41, 40, tzinfo=UTC)),
        ("2021-10-06T21:00:00.000000Z", datetime(2021, 10, 6, 21, tzinfo=UTC)),
    ],
)
def test_sallas_ways_of_writing_time(text: str, moment: datetime) -> None:
    assert read_time(text) == moment


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text())))
def test_unreadable_times_are_none(value: object) -> None:
    moment = read_time(value)
    assert moment is None or moment.tzinfo is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_malformed(raw: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse(raw)


def test_numbers_of_a_webhook_are_never_floats() -> None:
    event = parse(b'{"event":"product.price.updated","merchant":"42","created_at":null,"data":{"price":0.1}}')
    assert (event.store_id, event.provider_time, event.data["price"]) == ("42", None, Decimal("0.1"))
    assert "0.1" not in repr(event)


@given(st.integers(1, 10**8))
def test_a_small_expiry_is_a_duration(seconds: int) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires_in": seconds}
    assert token_set(body, NOW).expires_at == NOW + timedelta(seconds=seconds)


@given(st.integers(1_600_000_000, 4_000_000_000))
def test_a_large_expiry_is_a_moment(seconds: int) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires": str(seconds)}
    assert token_set(body, NOW).expires_at == datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": "a", "expires_in": 5},
        {"access_token": "", "refresh_token": "r", "expires_in": 5},
        {"access_token": "a", "refresh_token": "r"},
        {"access_token": "a", "refresh_token": "r", "expires_in": "soon"},
        {"access_token": "a", "refresh_token": "r", "expires_in": -5},
        {"access_token": "a", "refresh_token": "r", "expires": 10**30},
        {"access_token": 7, "refresh_token": "r", "expires_in": 5},
    ],
)
def test_a_token_answer_that_lacks_something_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(SallaMalformed):
        token_set(body, NOW)


def test_the_pkce_challenge_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ([{"slug": "products.product_price_included_tax", "type": "boolean", "value": True}], True),
        ([{"slug": "x", "value": [{"slug": "products.product_price_included_tax", "value": "false"}]}], False),
        ({"products": {"product_price_included_tax": 0}}, False),
    ],
)
def test_whether_prices_include_vat(data: Any, answer: bool) -> None:
    assert prices_include_vat(data) is answer


@pytest.mark.parametrize("data", [None, [], {}, [{"slug": "products.product_price_included_tax", "value": None}]])
def test_an_unknown_vat_basis_is_not_guessed(data: Any) -> None:
    with pytest.raises(SallaMalformed):
        prices_include_vat(data)


@pytest.mark.parametrize(
    ("data", "rate"),
    [
        ([], 0),
        ([{"id": 1, "tax": 15, "status": "active", "country": "SA"}], 1_500),
        ([{"tax": 5, "status": "active", "country": "AE"}, {"tax": "15", "country": "SA"}], 1_500),
        ([{"tax": 5, "status": "active", "country": "AE"}, {"tax": Decimal("7.5"), "status": "active"}], 750),
        ([{"tax": 15, "status": "inactive", "country": "SA"}], 0),
    ],
)
def test_the_vat_rate(data: Any, rate: int) -> None:
    assert vat_bp(data) == rate


@pytest.mark.parametrize("data", [None, {}, [{"tax": "much"}], [{"tax": -1}], [{"tax": 101}], [{"tax": None}]])
def test_a_vat_rate_that_makes_no_sense(data: Any) -> None:
    with pytest.raises(SallaMalformed):
        vat_bp(data)


@pytest.mark.parametrize(
    ("message", "case"),
    [
        ("The User is not exists.", Unauthorized.USER_GONE),
        ("عفوا لا يمكنك تسجيل الدخول, حسابك غير مفعل", Unauthorized.USER_GONE),
        ("The access token should have access to one of those scopes: orders.read", Unauthorized.SCOPE_MISSING),
        ("The access token is invalid", Unauthorized.ACCESS_INVALID),
        ("token is not valid", Unauthorized.ACCESS_INVALID),
        ("The provided authorization grant (e.g. ...) or refresh token is invalid", Unauthorized.REFRESH_REUSED),
        ("", Unauthorized.ACCESS_INVALID),
    ],
)
def test_the_401s(message: str, case: Unauthorized) -> None:
    assert classify(message) is case


def test_pages_say_everything_in_both_languages() -> None:
    assert CHROME["ar"].keys() == CHROME["en"].keys()
    assert PROBLEMS["ar"].keys() == PROBLEMS["en"].keys()
    for code, text in PROBLEMS["ar"].items():
        assert PROBLEMS["en"][code].again is text.again
        for words in (text.title, text.lead, text.step):
            assert any("\u0600" <= letter <= "\u06ff" for letter in words)


def test_every_error_of_connecting_is_a_problem_that_says_what_to_do() -> None:
    pages = set(PROBLEMS["en"])
    for error, make in ERRORS.items():
        if error.__init__ is not Exception.__init__ and error is not InvalidChange:
            continue
        problem = make(error("why")) if error is not InvalidChange else make(InvalidChange([("a.b", "wrong")]))
        assert isinstance(problem, Problem)
        assert problem.detail
        assert problem.next_step or problem.errors
    assert issubclass(InvalidChange, OnboardingError)
    assert {"login_expired", "code_refused", "consent_denied", "install_interrupted", "scope_missing"} <= pages
