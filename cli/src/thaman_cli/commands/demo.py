"""``thaman demo``: everything started, three stores connected and priced, on the local Salla."""

import time
from typing import Annotated

import typer

from thaman_cli.errors import BadUsage, WorldBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, LogLevelOption, home_of
from thaman_cli.output import Output, print_json
from thaman_cli.state import Home


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the run instead of staying up.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the data of earlier runs first.")] = False,
    home: HomeOption = DEFAULT_HOME,
    log_level: LogLevelOption = "info",
    as_json: JsonOption = False,
) -> None:
    """Start everything, connect three demo stores to the local Salla, price them, and show what happened.

    With --once --json the last line is one JSON object. Exit code 0 only if the world is in order.
    """
    from thaman_cli.demo.show import let_in, perform
    from thaman_cli.plan import can_crew
    from thaman_cli.supervisor import Options, Supervisor
    from thaman_cli.system import run_system, wait_for_ever

    began = time.monotonic()
    out, place = Output(as_json=as_json), home_of(home)
    if fresh:
        with out.step("forgetting the data of earlier runs"):
            wipe(place)
    codes = [130]

    async def play(supervisor: Supervisor) -> None:
        result = await perform(supervisor, out, began)
        codes[0] = WorldBroken.exit_code if result.violations else 0
        if once:
            objects.append(result.as_dict())
            return
        if as_json:
            print_json(result.as_dict())
        await let_in(supervisor, out, result)
        out.line("Everything stays up until Ctrl-C.")
        await wait_for_ever(supervisor)

    objects: list[dict[str, object]] = []
    run_system(place, Options(sandbox=True, log_level=log_level, crew=can_crew()), out, play)
    if as_json and objects:
        print_json(objects[0])
    raise typer.Exit(codes[0])


def wipe(home: Home) -> None:
    """Forget what earlier runs stored; only where all of it is ours and nothing runs."""
    from thaman_cli.servers import DATABASE_URL, NATS_URL, uses_external_data

    if uses_external_data():
        raise BadUsage(
            "--fresh does not wipe servers that are not the demo's own",
            f"{DATABASE_URL} or {NATS_URL} is set",
            "Drop the schemas and streams there yourself, or unset both.",
        )
    home.prepare()
    with home.lock():
        home.wait_for_guard(30)
        home.wipe_data()
