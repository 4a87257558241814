"""The crew as the application asks it: one question after the other, each within its deadline, whatever happens."""

import asyncio
import gc
import importlib
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from thaman_contracts.events.advice import AssessmentReason
from thaman_kit.logging import get_logger
from thaman_optimizer.adapters.crew import environment
from thaman_optimizer.adapters.crew.endpoint import Endpoint, Line
from thaman_optimizer.adapters.crew.prompts import PROMPT_VERSION
from thaman_optimizer.domain.brief import Brief
from thaman_optimizer.domain.budget import Allowance, TokenPrices
from thaman_optimizer.ports import Told

if TYPE_CHECKING:
    from thaman_optimizer.settings import OptimizerSettings

log = get_logger(__name__)

_PATIENCE_S = 5.0
_GIVING_UP_S = 0.5
"""Of the deadline, kept for closing calls and clearing away the crew, so that the run goes on at the deadline."""


class CrewMissing(Exception):
    """There can be no crew; the message says what is missing and what to do."""


class CrewAdvisor:
    """Crews of this process. They live in a thread with an event loop of its own: what CrewAI does between calls would
    hold up the worker's."""

    def __init__(self, endpoint: Endpoint, prices: TokenPrices, deadline_s: float) -> None:
        """
        Raises:
            CrewMissing: CrewAI is not installed.
        """
        self.model = endpoint.model
        self.prompt_version = PROMPT_VERSION
        self.prices = prices
        self._endpoint = endpoint
        self._deadline_s = deadline_s
        self._home = tempfile.TemporaryDirectory(prefix="thaman-crew-")
        self._parts = _load(Path(self._home.name))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="crew", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, settings: "OptimizerSettings") -> "CrewAdvisor":
        """The advisor that the settings describe.

        Raises:
            CrewMissing: there is no endpoint, or CrewAI is not installed.
        """
        url, sent, received = (
            settings.optimizer_crew_url,
            settings.optimizer_crew_input_price,
            settings.optimizer_crew_output_price,
        )
        if url is None or sent is None or received is None:
            raise CrewMissing("THAMAN_OPTIMIZER_CREW_URL is not set: a crew needs an OpenAI-compatible endpoint")
        endpoint = Endpoint(
            url=url,
            key=settings.optimizer_crew_key,
            model=settings.optimizer_crew_model,
            call_s=settings.optimizer_crew_call_seconds,
            answer_tokens=settings.optimizer_crew_answer_tokens,
        )
        return cls(endpoint, TokenPrices(sent, received), settings.optimizer_crew_deadline_seconds)

    async def advise(self, brief: Brief, allowance: Allowance) -> Told:
        """Ask a new crew about a brief; ends within the deadline."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._advise(brief, allowance), self._loop))

    def close(self) -> None:
        """End the thread; questions that are still open are given up."""
        asyncio.run_coroutine_threadsafe(self._give_up(), self._loop).result(2 * _PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()
        self._home.cleanup()

    async def _advise(self, brief: Brief, allowance: Allowance) -> Told:
        line = Line(self._endpoint, allowance, self.prices, self._deadline_s)
        answer: object = None
        failure: AssessmentReason | None = None
        try:
            async with asyncio.timeout(max(self._deadline_s - _GIVING_UP_S, self._deadline_s / 2)):
                answer = await self._parts.answer_of(brief, line, asyncio.get_running_loop(), self.model)
        except TimeoutError:
            failure = AssessmentReason.TIMEOUT
        except Exception as error:
            # CrewAI wraps what happened in errors of its own; the line knows the cause, if it was a call.
            failure = line.failure or AssessmentReason.CREW_BROKE
            log.warning("no_advice", reason=failure.value, error=f"{type(error).__name__}: {error}"[:500])
        finally:
            await line.close()
            # A crew is one large knot of references. Left to the collector, which workers seldom let run, it would cost
            # about a megabyte a run.
            gc.collect()
        return Told(line.usage, answer, failure)

    async def _give_up(self) -> None:
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(self._loop.shutdown_default_executor(), _PATIENCE_S)


def _load(home: Path) -> ModuleType:
    """CrewAI and the agents on it, with the environment set before; takes seconds the first time."""
    environment.prepare(home)
    try:
        return importlib.import_module("thaman_optimizer.adapters.crew.agents")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "crewai":
            raise
        raise CrewMissing("CrewAI is not installed: install thaman-optimizer with the extra 'crew'") from error
