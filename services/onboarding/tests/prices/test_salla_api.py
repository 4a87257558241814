"""What each answer, and each silence, of Salla is taken for."""

import httpx
import pytest

from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.salla_api import SallaApi
from thaman_onboarding.adapters.salla_errors import FieldsRefused, SallaBlocked, SallaGone, SallaTrouble
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.errors import (
    SallaBusy,
    SallaMalformed,
    SallaRefused,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
)

PRODUCT = {"status": 201, "success": True, "data": {"id": 7, "price": {"amount": 12.35, "currency": "SAR"}}}


class Tokens:
    def __init__(self, action=Action.STOP):
        self.action = action
        self.tokens = ["first", "second"]
        self.reports = []

    async def access_token(self, store_id):
        return self.tokens[0]

    async def report_unauthorized(self, store_id, message, token=None):
        self.reports.append((message, token))
        self.tokens.pop(0)
        return self.action


def api_of(answer, tokens=None):
    """A client whose every request is answered by ``answer(request)``."""
    return SallaApi("http://salla.test/admin/v2", httpx.MockTransport(answer), tokens or Tokens(), RateBudget())


def error(status, message="", fields=None, **headers):
    body = {"status": status, "success": False, "error": {"code": "Unauthorized", "message": message}}
    if fields:
        body["error"]["fields"] = fields
    return httpx.Response(status, json=body, headers=headers)


CASES = [
    (error(401, "The access token is invalid"), SallaUnauthorized),
    (error(403, "blocked"), SallaBlocked),
    (httpx.Response(403, text="<html>no</html>"), SallaBlocked),
    (error(404, "gone"), SallaGone),
    (error(410, "gone"), SallaGone),
    (error(422, "alert.invalid_fields", {"price": ["bad"]}), FieldsRefused),
    (error(400, "bad"), SallaRefused),
    (httpx.Response(400, json=[1]), SallaRefused),
    (error(429), SallaBusy),
    (httpx.Response(500, text="<html>"), SallaTrouble),
    (httpx.Response(503), SallaTrouble),
    (httpx.Response(302, headers={"location": "http://elsewhere.test"}), SallaRefused),
]


@pytest.mark.parametrize(("answer", "expected"), CASES)
@pytest.mark.parametrize("writing", [False, True])
async def test_refusals(answer, expected, writing):
    api = api_of(lambda request: answer)
    with pytest.raises(expected) as raised:
        await (api.set_product_price("1", "7", 100) if writing else api.product("1", "7"))
    assert type(raised.value) is expected
    assert isinstance(raised.value, SallaUncertain) == (answer.status_code >= 500)


SILENCES = [
    (httpx.ConnectError("refused"), SallaUnreachable),
    (httpx.ConnectTimeout("slow"), SallaUnreachable),
    (httpx.PoolTimeout("busy"), SallaUnreachable),
    (httpx.ReadTimeout("slow"), SallaUncertain),
    (httpx.WriteTimeout("slow"), SallaUncertain),
    (httpx.ReadError("cut"), SallaUncertain),
    (httpx.WriteError("cut"), SallaUncertain),
    (httpx.RemoteProtocolError("cut"), SallaUncertain),
]


@pytest.mark.parametrize(("silence", "expected"), SILENCES)
async def test_silences(silence, expected):
    def answer(request):
        raise silence

    with pytest.raises(expected) as raised:
        await api_of(answer).set_variant_price("1", "7", 100)
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"data": 3}', b'{"data": {"id": 7, "price": {"amount": "x"}}}']
)
async def test_an_unreadable_success_of_a_write_is_uncertain_and_of_a_read_malformed(body):
    api = api_of(lambda request: httpx.Response(201, content=body))
    with pytest.raises(SallaUncertain):
        await api.set_product_price("1", "7", 100)
    with pytest.raises(SallaMalformed):
        await api.product("1", "7")
    with pytest.raises(SallaMalformed):
        await api.product_page("1", 1)


@pytest.mark.parametrize(
    ("halalas", "text"), [(1235, b'{"price":12.35}'), (1, b'{"price":0.01}'), (10**10, b'{"price":100000000.00}')]
)
async def test_prices_are_sent_as_exact_numbers(halalas, text):
    sent = []

    def answer(request):
        sent.append(request)
        return httpx.Response(201, json=PRODUCT)

    product = await api_of(answer).set_product_price("1", "7", halalas)
    assert (sent[0].content, sent[0].headers["content-type"]) == (text, "application/json")
    assert product.price == 1235


@pytest.mark.parametrize("halalas", [0, -1])
async def test_a_price_of_nothing_is_never_sent(halalas):
    def answer(request):
        raise AssertionError("sent")

    with pytest.raises(ValueError, match="never written"):
        await api_of(answer).set_product_price("1", "7", halalas)


async def test_a_401_is_tried_once_more_with_a_new_token():
    tokens = Tokens(Action.RETRY)
    seen = []

    def answer(request):
        seen.append(request.headers["authorization"])
        return error(401, "The access token is invalid") if len(seen) == 1 else httpx.Response(201, json=PRODUCT)

    await api_of(answer, tokens).set_product_price("1", "7", 100)
    assert seen == ["Bearer first", "Bearer second"]
    assert tokens.reports == [("The access token is invalid", "first")]


async def test_the_message_and_the_fields_of_a_refusal_are_kept():
    api = api_of(lambda request: error(422, "alert.invalid_fields", {"products.0.price": ["حقل مطلوب", "x"]}))
    with pytest.raises(FieldsRefused) as raised:
        await api.queue_prices("1", [("7", 100)])
    assert raised.value.fields == {"products.0.price": "حقل مطلوب x"}


async def test_a_bad_entry_does_not_spoil_its_page():
    body = {
        "data": [{"id": 1, "price": {"amount": 5}}, {"id": 2, "price": {"amount": "x"}}, "nonsense"],
        "pagination": {},
    }
    page = await api_of(lambda request: httpx.Response(200, json=body)).product_page("1", 1)
    assert [one.id for one in page.rows] == ["1"]
    assert [one.id for one in page.unreadable] == ["2", "None"]
    assert page.pages == 1
