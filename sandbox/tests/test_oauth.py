"""Authorise page and token endpoint."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from .conftest import CALLBACK, CLIENT, Sandbox


def target(answer: httpx.Response) -> Mapping[str, str]:
    assert answer.status_code == 302, answer.text
    location = httpx.URL(answer.headers["location"])
    assert str(location).startswith(CALLBACK)
    return location.params


def test_a_scripted_client_gets_tokens_at_once(sandbox: Sandbox) -> None:
    store = sandbox.store()
    back = target(sandbox.authorize(store, state="abc-def-12345"))
    assert back["state"] == "abcdef12345"
    assert back["scope"] == "products.read_write orders.read offline_access"
    answer = sandbox.exchange(back["code"])
    body = answer.json()
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    assert list(body) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert body["expires_in"] == 1_209_600 and body["token_type"] == "bearer"
    assert body["access_token"].startswith("ory_at_") and body["refresh_token"].startswith("ory_rt_")


def test_a_person_sees_a_consent_page_and_may_deny(sandbox: Sandbox) -> None:
    store = sandbox.store(auto_approve=False)
    page = sandbox.authorize(store)
    assert page.status_code == 200 and 'dir="rtl"' in page.text and "products.read_write" in page.text
    form = {"client_id": CLIENT["client_id"], "redirect_uri": CALLBACK, "response_type": "code"}
    form |= {"state": "stateABC123", "scope": "orders.read", "store_id": str(store)}
    denied = sandbox.http.post("/oauth2/auth", data={**form, "decision": "deny"})
    assert target(denied)["error"] == "access_denied"
    approved = sandbox.http.post("/oauth2/auth", data={**form, "decision": "approve"})
    assert "refresh_token" not in sandbox.exchange(target(approved)["code"]).json(), "offline_access was not asked for"


def test_approve_auto_skips_the_page(sandbox: Sandbox) -> None:
    assert "code" in target(sandbox.authorize(sandbox.store(auto_approve=False), approve="auto"))


@pytest.mark.parametrize("wrong", [{"client_id": "stranger"}, {"redirect_uri": "http://evil.example/"}])
def test_untrusted_requests_get_a_page_and_no_redirect(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    answer = sandbox.authorize(sandbox.store(), **wrong)
    assert answer.status_code == 400 and "location" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"state": "short"}, "invalid_state"),
        ({"scope": "products.destroy"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": "x", "code_challenge_method": "S1"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_to_the_app(sandbox: Sandbox, asked: dict[str, str], error: str) -> None:
    assert target(sandbox.authorize(sandbox.store(), **asked))["error"] == error


def test_a_code_works_once_and_its_reuse_revokes(sandbox: Sandbox) -> None:
    code = target(sandbox.authorize(sandbox.store()))["code"]
    token = sandbox.exchange(code).json()["access_token"]
    assert sandbox.api(token, "GET", "/products").status_code == 200
    again = sandbox.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert sandbox.api(token, "GET", "/products").status_code == 401


def test_a_code_expires_and_is_bound_to_its_redirect(sandbox: Sandbox) -> None:
    store = sandbox.store()
    code = target(sandbox.authorize(store))["code"]
    assert sandbox.exchange(code, redirect_uri="http://127.0.0.1:9/other").json()["error"] == "invalid_grant"
    sandbox.control("PUT", "/clock", {"advance_seconds": 901})
    assert sandbox.exchange(code).json()["error"] == "invalid_grant"


def test_pkce_is_verified_if_it_was_used(sandbox: Sandbox) -> None:
    store, verifier = sandbox.store(), "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = target(sandbox.authorize(store, **asked))["code"]
    assert sandbox.exchange(code, code_verifier="w" * 43).status_code == 400
    assert sandbox.exchange(code, code_verifier=verifier).status_code == 200
    sandbox.switch(verify_pkce=False)
    code = target(sandbox.authorize(store, **asked))["code"]
    assert sandbox.exchange(code).status_code == 200
    sandbox.switch(require_pkce=True)
    assert target(sandbox.authorize(store))["error"] == "invalid_request"


def test_wrong_clients_are_refused(sandbox: Sandbox) -> None:
    code = target(sandbox.authorize(sandbox.store()))["code"]
    answer = sandbox.exchange(code, client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    basic = (CLIENT["client_id"], CLIENT["client_secret"])
    sandbox.switch(accept_basic_auth=False)
    assert sandbox.http.post("/oauth2/token", data=form, auth=basic).status_code == 401
    sandbox.switch(accept_basic_auth=True)
    assert sandbox.http.post("/oauth2/token", data=form, auth=basic).status_code == 200
    assert sandbox.token_request(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert sandbox.http.get("/oauth2/token").json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("naming", "keys"),
    [("expires_in", {"expires_in"}), ("expires", {"expires"}), ("both", {"expires", "expires_in"})],
)
def test_the_lifetime_has_several_names(sandbox: Sandbox, naming: str, keys: set[str]) -> None:
    sandbox.switch(token_expiry_field=naming)
    body = sandbox.exchange(target(sandbox.authorize(sandbox.store()))["code"]).json()
    assert {key for key in body if key.startswith("expires")} == keys
    assert all(body[key] == 1_209_600 for key in keys)


def test_the_lifetime_may_be_a_moment(sandbox: Sandbox) -> None:
    sandbox.switch(token_expiry_field="timestamp")
    body = sandbox.exchange(target(sandbox.authorize(sandbox.store()))["code"]).json()
    assert body["expires"] > 1_000_000_000 and "expires_in" not in body


def user_info(sandbox: Sandbox, token: str, path: str) -> dict[str, Any]:
    answer = sandbox.http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_user_info_on_both_paths(sandbox: Sandbox) -> None:
    store = sandbox.store(plan="plus")
    token = sandbox.tokens(store)["access_token"]
    new = user_info(sandbox, token, "/oauth2/user/info")
    assert new == user_info(sandbox, token, "/admin/v2/oauth2/user/info")
    merchant = new["data"]["merchant"]
    assert (new["status"], new["success"], merchant["id"], merchant["plan"]) == (200, True, store, "plus")
    assert new["data"]["context"]["exp"] > 1_000_000_000 and "store" not in new["data"]
    sandbox.switch(user_info_envelope=False, user_info_store_alias=True)
    bare = user_info(sandbox, token, "/oauth2/user/info")
    assert bare["store"]["id"] == bare["merchant"]["id"] == store


def test_embedded_tokens_are_introspected(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token = sandbox.control("POST", f"/stores/{store}/embedded-token")["token"]

    def ask(source: str, text: str) -> httpx.Response:
        path = "/exchange-authority/v1/introspect"
        return sandbox.http.post(path, headers={"S-Source": source}, json={"token": text})

    good = ask("513499943", token)
    assert good.json()["data"]["merchant_id"] == store and good.json()["data"]["exp"].endswith("Z")
    for source, text in (("1", token), ("513499943", "em_tok_other")):
        bad = ask(source, text)
        assert (bad.status_code, bad.json()["error"]["message"]) == (401, "Decryption failed")
    sandbox.control("PUT", "/clock", {"advance_seconds": 1801})
    assert ask("513499943", token).status_code == 401
