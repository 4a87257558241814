"""``thaman forget``: look what would go, then destroy a store's data key, at once or after the waiting time."""

import asyncio
import sys
from typing import Annotated, Any

import typer

from thaman_cli.api import Api
from thaman_cli.errors import BadUsage
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table

_WORDS = {
    "keys": "data key",
    "profiles": "sealed profile (the store's name)",
    "tokens": "Salla's tokens",
    "installs": "tokens on their way in",
    "webhooks": "webhooks that wait",
    "api_keys": "API keys of the store, revoked",
}


def forget(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    now: Annotated[bool, typer.Option("--now", help="At once, without the waiting time.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Call off what waits: the store is kept.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Destroy a store's data key: its secrets and personal data open nowhere any more. Its history stays."""
    if keep and now:
        raise BadUsage("It is not clear what to do", "--keep and --now exclude each other", "Give one of them.")
    out, api = Output(as_json=as_json), Api.of(home_of(home))
    asyncio.run(_keep(out, api, store) if keep else _forget(out, api, store, now=now, yes=yes))


async def _forget(out: Output, api: Api, store: str, *, now: bool, yes: bool) -> None:
    path = f"/stores/{store}/forgetting"
    async with api:
        standing = await api.get("onboarding", path)
        if standing["state"] == "forgotten":
            out.result(standing, f"Store {store} was forgotten at {standing['forgotten_at']}.")
            return
        _show(out, standing)
        if not yes and not _is_wanted(out, store, standing, now=now):
            out.result(standing, "Nothing was changed. Add --yes to forget the store.")
            return
        done = await api.post("onboarding", path, {"now": now})
    out.result(done, _told(store, done))


async def _keep(out: Output, api: Api, store: str) -> None:
    async with api:
        done = await api.delete("onboarding", f"/stores/{store}/forgetting")
    out.result(done, f"Store {store} is kept.")


def _is_wanted(out: Output, store: str, standing: dict[str, Any], *, now: bool) -> bool:
    if out.as_json or not (sys.stdin.isatty() and out.console.is_terminal):
        return False
    connected = " It is connected; its prices are not kept right any more then." if standing["connected"] else ""
    when = "now? It cannot be taken back." if now else "after the waiting time?"
    return typer.confirm(f"Forget store {store} {when}{connected}")


def _show(out: Output, standing: dict[str, Any]) -> None:
    rows = [(_WORDS.get(name, name), count) for name, count in standing["held"].items() if count]
    if rows:
        out.console.print(table("what goes", ("what", "how many"), rows))


def _told(store: str, done: dict[str, Any]) -> str:
    if done["state"] == "forgotten":
        return f"Store {store} is forgotten: its data key was destroyed at {done['forgotten_at']}."
    if done["state"] == "kept":
        return f"Store {store} is kept: the merchant came back in this instant. Ask again if it is to go all the same."
    return f"Store {store} is forgotten at {done['due_at']}; `thaman forget {store} --keep` calls it off until then."
