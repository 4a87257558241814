"""Plays the demo on a started installation and gathers its result."""

import asyncio
import time
from functools import partial

from thaman_cli.api import Api
from thaman_cli.checking import check
from thaman_cli.demo.flow import Player
from thaman_cli.demo.minimum import least_calls
from thaman_cli.demo.report import Result, show, show_links
from thaman_cli.demo.stores import DEMO_STORES
from thaman_cli.links import make_link_or_none
from thaman_cli.output import Output
from thaman_cli.salla import LocalSalla
from thaman_cli.supervisor import Supervisor
from thaman_cli.waiting import until


async def perform(supervisor: Supervisor, out: Output, began: float) -> Result:
    """Play, check the world, show the result. ``began`` is when the command started (monotonic seconds)."""
    urls = supervisor.running.urls
    async with Api.of(supervisor.home) as api, LocalSalla(urls["sandbox"]) as salla:
        calls_before = (await salla.get("/calls"))["total"]
        stories = await Player(api, salla, out, crew=supervisor.options.crew).play(DEMO_STORES)
        with out.step("checking that decisions, Salla, price history and ledger agree"):
            report = await asyncio.to_thread(check, supervisor.home)
        result = Result(
            stories=stories,
            events=report.events,
            salla_calls=(await salla.get("/calls"))["total"] - calls_before,
            salla_calls_minimum=sum(least_calls(story.outcome()) for story in stories),
            violations=[str(violation) for violation in report.violations],
            seconds=time.monotonic() - began,
        )
    show(out, result, urls)
    return result


async def let_in(supervisor: Supervisor, out: Output, result: Result) -> None:
    """Show a link into each store's dashboard. Links open a store, so they are in no object and no file."""
    async with Api.of(supervisor.home) as api:
        links = {
            story.store.name: await until(
                f"the dashboard knows {story.store.name}", partial(make_link_or_none, api, story.store_id)
            )
            for story in result.stories
        }
    show_links(out, links)
