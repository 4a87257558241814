"""A browser is answered in the language that it asks for, chose before, or likes best."""

import pytest
from starlette.requests import Request

from thaman_kit.language import choose_language, language_of


@pytest.mark.parametrize(
    ("wishes", "header", "language"),
    [
        ((), "", "ar"),
        (("en",), "ar", "en"),
        (("xx", "ar"), "en", "ar"),
        ((None,), "fr;q=0.9, en-GB;q=0.8, ar;q=0.1", "en"),
        ((), "ar-SA, en;q=0.9", "ar"),
        ((), "en;q=0, ar;q=0", "ar"),
        ((), "en;q=nonsense", "ar"),
        ((), "fr", "ar"),
    ],
)
def test_the_language(wishes: tuple[str | None, ...], header: str, language: str) -> None:
    assert choose_language(*wishes, accept_language=header) == language


@pytest.mark.parametrize(
    ("query", "cookie", "accepts", "language"),
    [
        ("lang=en", "ar", "ar", "en"),
        ("lang=xx", "en", "ar", "en"),
        ("", "", "fr;q=0.9, en-GB;q=0.8, ar;q=0.1", "en"),
        ("", "", "en;q=0, ar", "ar"),
        ("", "", "", "ar"),
    ],
)
def test_the_language_is_the_one_asked_for(query: str, cookie: str, accepts: str, language: str) -> None:
    headers = [(b"accept-language", accepts.encode()), (b"cookie", f"thaman-lang={cookie}".encode())]
    request = Request({"type": "http", "query_string": query.encode(), "headers": headers})
    assert language_of(request) == language
