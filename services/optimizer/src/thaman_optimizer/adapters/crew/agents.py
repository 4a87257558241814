"""Scout, Analyst and Executor as a CrewAI crew, made anew for every run, with the brief's tools and nothing else."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from crewai import Agent, Crew, Process, Task
from crewai.tools import BaseTool
from pydantic import BaseModel, Field, PrivateAttr

from thaman_contracts.events.advice import AssessmentReason
from thaman_optimizer.adapters.crew.answers import CrewAnswer
from thaman_optimizer.adapters.crew.endpoint import CallFailed, Line
from thaman_optimizer.adapters.crew.llm import LineLLM
from thaman_optimizer.adapters.crew.prompts import ANALYST, BRIEF_BEGINS, BRIEF_ENDS, EXECUTOR, SCOUT, Part
from thaman_optimizer.domain.brief import Brief
from thaman_optimizer.domain.brief_tools import check_of, market_of, sales_of

MOST_CALLS = 6
"""Calls of the model that one agent may make for its task."""

_MOST_NOTE = 1_500


class MarketArguments(BaseModel):
    """What :class:`MarketTool` is asked."""

    item: str = Field(description="The item's ref, such as i1.")
    without: list[str] = Field(default_factory=list, description="Refs of offers to leave out.")


class SalesArguments(BaseModel):
    """What :class:`SalesTool` is asked."""

    item: str = Field(description="The item's ref, such as i1.")


class _BriefTool(BaseTool):  # type: ignore[misc]  # CrewAI is not read by mypy
    """A look at the brief."""

    _look: Callable[..., dict[str, Any]] = PrivateAttr()

    def _run(self, **arguments: Any) -> str:
        return json.dumps(self._look(**arguments))


class MarketTool(_BriefTool):
    """:func:`market_of` for agents."""

    name: str = "market"
    description: str = "What the pricing engine makes of an item's offers, with some of them left out."
    args_schema: type[BaseModel] = MarketArguments


class SalesTool(_BriefTool):
    """:func:`sales_of` for agents."""

    name: str = "sales"
    description: str = "What an item sold in each of the last weeks, and what is left of it."
    args_schema: type[BaseModel] = SalesArguments


class _Nowhere:
    """Where CrewAI's log of tasks goes: it would keep prompts and answers of all stores in one file."""

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        """Keep nothing."""

    def reset(self) -> None:
        """There is nothing."""


def crew_of(brief: Brief, llm: LineLLM) -> Crew:
    """The crew of one run."""
    scout = _agent(SCOUT, llm, [_tool(MarketTool, partial(market_of, brief))])
    analyst = _agent(ANALYST, llm, [_tool(SalesTool, partial(sales_of, brief))])
    executor = _agent(EXECUTOR, llm, [])
    noting = [_task(SCOUT, scout, brief), _task(ANALYST, analyst, brief)]
    answering = _task(
        EXECUTOR,
        executor,
        brief,
        context=noting,
        output_pydantic=CrewAnswer,
        guardrail=_guardrail_of(brief),
        guardrail_max_retries=1,
    )
    crew = Crew(
        agents=[scout, analyst, executor],
        tasks=[*noting, answering],
        process=Process.sequential,
        memory=False,
        cache=False,
        planning=False,
        share_crew=False,
        tracing=False,
        verbose=False,
    )
    crew._task_output_handler = _Nowhere()
    return crew


def _agent(part: Part, llm: LineLLM, tools: list[BaseTool]) -> Agent:
    return Agent(
        role=part.role,
        goal=part.goal,
        backstory=part.backstory,
        llm=llm,
        tools=tools,
        max_iter=MOST_CALLS,
        max_retry_limit=0,
        respect_context_window=False,
        allow_delegation=False,
        allow_code_execution=False,
        cache=False,
        verbose=False,
    )


def _task(part: Part, agent: Agent, brief: Brief, **more: Any) -> Task:
    said = f"{part.task}\n{BRIEF_BEGINS}{brief.text}{BRIEF_ENDS}"
    if not more:
        more = {"guardrail": _short, "guardrail_max_retries": 0}
    return Task(description=said, expected_output=part.expected, agent=agent, **more)


def _tool(kind: type[_BriefTool], look: Callable[..., dict[str, Any]]) -> BaseTool:
    tool = kind()
    tool._look = look
    return tool


def _short(output: Any) -> tuple[bool, Any]:
    """A note goes on cut to its length, so that no agent can fill the others' prompts."""
    return True, str(output.raw)[:_MOST_NOTE]


def _guardrail_of(brief: Brief) -> Callable[[Any], tuple[bool, Any]]:
    # CrewAI reads a guardrail's source for its log, so it has to be a function that has some.
    def check(output: Any) -> tuple[bool, Any]:
        """An answer of which nothing would be heard gets one chance to be made better."""
        answer = output.pydantic
        if not isinstance(answer, CrewAnswer):
            return False, "Answer with JSON that follows the schema."
        if answer.items and not check_of(brief, answer.model_dump())["items_heard"]:
            refs = ", ".join(item.ref for item in brief.items)
            return False, f"Nothing of this can be used. Use only these item refs: {refs}; and their offers' refs."
        return True, output

    return check


async def answer_of(brief: Brief, line: Line, loop: asyncio.AbstractEventLoop, model: str) -> dict[str, Any]:
    """What a new crew answers to a brief, as the model wrote it.

    Raises:
        Exception: of CrewAI's many kinds; the line's ``failure`` tells why, where a call was the cause.
    """
    output = await crew_of(brief, LineLLM.on(line, loop, model)).akickoff()
    if not isinstance(output.pydantic, CrewAnswer):
        raise CallFailed(AssessmentReason.MALFORMED, "the crew gave no structured answer")
    answer: dict[str, Any] = output.pydantic.model_dump()
    return answer
