"""Calls of an OpenAI-compatible endpoint, within a deadline and an allowance. No call is ever repeated here."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeGuard

import httpx
from pydantic import SecretStr

from thaman_contracts.events.advice import AssessmentReason
from thaman_optimizer.domain.budget import Allowance, TokenPrices, Usage

MOST_BYTES = 1_000_000
"""A larger answer is not read to its end."""

MOST_TOKENS = 10**9
"""No call uses more; an endpoint that says so is not believed, and what it says would not fit into our tables."""

_SAID = ("role", "content", "tool_calls", "tool_call_id", "name")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is, and what a call may take."""

    url: str
    key: SecretStr | None
    model: str
    call_s: float
    answer_tokens: int

    def client(self) -> httpx.AsyncClient:
        """A client for one run; it follows no redirects, and no proxy of the environment."""
        headers = {} if self.key is None else {"authorization": f"Bearer {self.key.get_secret_value()}"}
        return httpx.AsyncClient(headers=headers, timeout=self.call_s, trust_env=False)


class CallFailed(Exception):
    """A call gave no answer that can be used; ``reason`` is what is recorded."""

    def __init__(self, reason: AssessmentReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Line:
    """The calls of one run. ``usage`` is what they have used; ``failure`` the first call's that failed."""

    def __init__(self, endpoint: Endpoint, allowance: Allowance, prices: TokenPrices, seconds: float) -> None:
        self.usage = Usage()
        self.failure: AssessmentReason | None = None
        self._endpoint = endpoint
        self._allowance = allowance
        self._prices = prices
        self._ends_at = monotonic() + seconds
        self._client = endpoint.client()

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: tuple[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """The assistant's message; ``schema`` is the name and JSON Schema that its content has to follow.

        Raises:
            CallFailed: see its reason.
        """
        try:
            return await self._complete(self._body(messages, tools, schema))
        except CallFailed as error:
            self.failure = self.failure or error.reason
            raise

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    def _body(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        schema: tuple[str, Mapping[str, Any]] | None,
    ) -> bytes:
        body: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": [{name: one[name] for name in _SAID if one.get(name) is not None} for one in messages],
            "temperature": 0,
            "max_tokens": self._endpoint.answer_tokens,
        }
        if tools:
            body |= {"tools": list(tools), "tool_choice": "auto"}
        if schema is not None:
            named = {"name": schema[0], "strict": True, "schema": schema[1]}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return json.dumps(body, ensure_ascii=False).encode()

    async def _complete(self, body: bytes) -> dict[str, Any]:
        # A token is a byte at least, so a call cannot use more than this.
        most = Usage(len(body), self._endpoint.answer_tokens, estimated=True)
        before = self.usage
        if not self._allowance.permits(before.plus(most), self._prices):
            raise CallFailed(AssessmentReason.RUN_BUDGET, "the next call might use more than what is left")
        self.usage = before.plus(most)
        answer = await self._answer(body)
        used = _usage_of(answer)
        if used is not None:
            self.usage = before.plus(used)
        return _message_of(answer)

    async def _answer(self, body: bytes) -> Mapping[str, Any]:
        seconds = min(self._endpoint.call_s, self._ends_at - monotonic())
        if seconds <= 0:
            raise CallFailed(AssessmentReason.TIMEOUT, "the run's time for advice is over")
        try:
            async with asyncio.timeout(seconds):
                status, text = await self._post(body)
        except TimeoutError:
            raise CallFailed(AssessmentReason.TIMEOUT, f"no answer within {seconds:.1f} s") from None
        except httpx.HTTPError as error:
            raise CallFailed(AssessmentReason.UNREACHABLE, f"no connection: {type(error).__name__}") from None
        if status != 200:
            # Without the body: it may repeat what was sent.
            raise CallFailed(AssessmentReason.ENDPOINT_REFUSED, f"the endpoint answered {status}")
        return _object(text)

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        url = f"{self._endpoint.url.rstrip('/')}/chat/completions"
        headers = {"content-type": "application/json"}
        async with self._client.stream("POST", url, content=body, headers=headers) as response:
            parts = bytearray()
            async for part in response.aiter_bytes():
                parts += part
                if len(parts) > MOST_BYTES:
                    raise CallFailed(AssessmentReason.MALFORMED, "the answer is too large")
            return response.status_code, bytes(parts)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise CallFailed(AssessmentReason.MALFORMED, "the endpoint did not answer with a JSON object")
    return answer


def _usage_of(answer: Mapping[str, Any]) -> Usage | None:
    """What the endpoint says the call used; ``None`` where it does not say, or says what cannot be."""
    usage = answer.get("usage")
    named = usage if isinstance(usage, dict) else {}
    sent, received = (named.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return Usage(sent, received) if _is_count(sent) and _is_count(received) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _message_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(message, dict):
        raise CallFailed(AssessmentReason.MALFORMED, "the answer has no message")
    if message.get("refusal"):
        raise CallFailed(AssessmentReason.MODEL_REFUSED, "the model refused to answer")
    return message
