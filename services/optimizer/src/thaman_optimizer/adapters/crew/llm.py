"""CrewAI's way to our endpoint: a model whose every call goes through one run's line."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from crewai import BaseLLM
from pydantic import BaseModel, PrivateAttr, ValidationError

from thaman_contracts.events.advice import AssessmentReason
from thaman_optimizer.adapters.crew.answers import SCHEMA, CrewAnswer
from thaman_optimizer.adapters.crew.endpoint import CallFailed, Line

_WINDOW = 128_000


class LineLLM(BaseLLM):  # type: ignore[misc]  # CrewAI is not read by mypy
    """A model behind a :class:`Line`. CrewAI calls it from threads; the line lives in ``loop``."""

    _line: Line = PrivateAttr()
    _loop: asyncio.AbstractEventLoop = PrivateAttr()

    @classmethod
    def on(cls, line: Line, loop: asyncio.AbstractEventLoop, model: str) -> "LineLLM":
        """The model of one run."""
        llm = cls(model=model, provider="line")
        llm._line, llm._loop = line, loop
        return llm

    def call(
        self,
        messages: str | list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,
        from_task: Any | None = None,
        from_agent: Any | None = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """One call, from a thread that is not the loop's: the message's text, its tool calls, or the answer.

        Raises:
            CallFailed: there is none.
        """
        asked = self._ask(messages, tools, response_model)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def acall(
        self,
        messages: str | list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,
        from_task: Any | None = None,
        from_agent: Any | None = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """The same from the loop."""
        return await self._ask(messages, tools, response_model)

    async def _ask(
        self,
        messages: str | Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        response_model: type[BaseModel] | None,
    ) -> Any:
        said = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        wants_answer = response_model is CrewAnswer
        message = await self._line.complete(said, tools or (), ("advice", SCHEMA) if wants_answer else None)
        if message.get("tool_calls") and tools:
            return message["tool_calls"]
        text = message.get("content")
        if not isinstance(text, str) or not text.strip():
            raise self._malformed("the message is empty")
        return self._read(text) if wants_answer else text

    def _read(self, text: str) -> CrewAnswer:
        try:
            return CrewAnswer.model_validate(json.loads(text))
        except (ValueError, RecursionError, ValidationError):
            raise self._malformed("the answer does not follow the schema") from None

    def _malformed(self, message: str) -> CallFailed:
        self._line.failure = self._line.failure or AssessmentReason.MALFORMED
        return CallFailed(AssessmentReason.MALFORMED, message)

    def supports_function_calling(self) -> bool:
        """Tools go as the endpoint's own tool calls."""
        return True

    def supports_stop_words(self) -> bool:
        """No words end an answer."""
        return False

    def get_input_tokens_count(
        self,
        messages: str | list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        response_model: type[BaseModel] | None = None,
    ) -> int:
        """The most tokens that messages can be: a token is a byte at least. CrewAI asks before it takes in a tool's
        answer."""
        return len(json.dumps(messages, ensure_ascii=False, default=str).encode())

    def get_context_window_size(self) -> int:
        """Large enough for a brief; what a run may send is bounded by its allowance."""
        return _WINDOW
