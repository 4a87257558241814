"""Asks Salla whose an embedded page's token is (``POST /exchange-authority/v1/introspect``)."""

from typing import Literal

import httpx
from pydantic import AwareDatetime, BaseModel, ValidationError

from thaman_dashboard.embedded_ports import BadEmbeddedToken, Guest, SallaSilent
from thaman_kit.clock import Clock

PATH = "/exchange-authority/v1/introspect"
TIMEOUT = httpx.Timeout(5.0)
LONGEST_TOKEN = 2_000
_MOST = 10_000


class _Data(BaseModel):
    merchant_id: int
    user_id: int
    exp: AwareDatetime


class _Answer(BaseModel):
    success: Literal[True]
    data: _Data


class SallaIntrospection:
    """Implements :class:`thaman_dashboard.embedded_ports.Introspection`. Use it from threads."""

    def __init__(self, url: str, app_id: str, clock: Clock) -> None:
        self._address = url + PATH
        self._app_id = app_id
        self._clock = clock

    def guest(self, token: str) -> Guest:
        """See :class:`~thaman_dashboard.embedded_ports.Introspection`."""
        if not token or len(token) > LONGEST_TOKEN:
            raise BadEmbeddedToken("no token")
        try:
            answer = httpx.post(
                self._address, json={"token": token}, headers={"S-Source": self._app_id}, timeout=TIMEOUT
            )
        except httpx.HTTPError as error:
            raise SallaSilent(type(error).__name__) from error
        if answer.status_code in (400, 401, 403, 422):
            raise BadEmbeddedToken(f"status {answer.status_code}")
        if not answer.is_success or len(answer.content) > _MOST:
            raise SallaSilent(f"status {answer.status_code}")
        return self._read(answer.content)

    def _read(self, content: bytes) -> Guest:
        try:
            data = _Answer.model_validate_json(content).data
        except ValidationError as error:
            raise SallaSilent("an answer that is not as documented") from error
        if data.exp <= self._clock.now():
            raise BadEmbeddedToken("expired")
        return Guest(str(data.merchant_id), str(data.user_id))
