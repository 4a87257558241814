"""``thaman up``: the whole installation in the foreground."""

from typing import Annotated

import typer

from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, LogLevelOption, home_of
from thaman_cli.output import Output, print_json, table


def up(
    home: HomeOption = DEFAULT_HOME,
    sandbox: Annotated[
        bool | None, typer.Option(help="Use the local Salla. Default: yes, unless THAMAN_SALLA_CLIENT_ID is set.")
    ] = None,
    crew: Annotated[
        bool | None,
        typer.Option(
            help="Let a crew of agents advise stores that want it, on the model of THAMAN_OPTIMIZER_CREW_URL or the"
            " local Salla's own. Default: yes, if that is set."
        ),
    ] = None,
    log_level: LogLevelOption = "info",
    as_json: JsonOption = False,
) -> None:
    """Start PostgreSQL, NATS and every service, and keep them running until Ctrl-C."""
    from thaman_cli.plan import has_model, has_real_salla, require_crew
    from thaman_cli.supervisor import Options, Supervisor
    from thaman_cli.system import run_system, wait_for_ever

    out = Output(as_json=as_json)
    place = home_of(home)
    use_sandbox = not has_real_salla() if sandbox is None else sandbox
    use_crew = has_model() if crew is None else crew
    if use_crew:
        require_crew(local_model=use_sandbox)

    async def stay(supervisor: Supervisor) -> None:
        show_running(out, supervisor, place.folder.name)
        await wait_for_ever(supervisor)

    options = Options(sandbox=use_sandbox, log_level=log_level, crew=use_crew, own_model=has_model())
    run_system(place, options, out, stay)
    if not as_json:
        out.line("Stopped; nothing is left running. The data is kept.")


def show_running(out: Output, supervisor: "Supervisor", folder: str) -> None:  # type: ignore[name-defined] # noqa: F821
    """Where everything is, and what to do next."""
    running = supervisor.running
    if out.as_json:
        print_json({"running": True, "pid": running.pid, "urls": running.urls})
    out.line("")
    out.console.print(table("Thaman is up", ("what", "URL"), list(running.urls.items())))
    out.line(f"Connect a store:  {running.urls['onboarding']}/oauth/authorize")
    out.line("Its dashboard:    thaman sign-in STORE")
    out.line(f"Operator's key:   in {folder}/state.json (operator_key)")
    out.line("Look:             thaman status, thaman doctor, thaman check-world")
    out.line("Stop:             Ctrl-C here, or thaman down")
