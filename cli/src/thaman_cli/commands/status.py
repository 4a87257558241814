"""``thaman status``: what runs, and whether it is ready."""

import httpx
import typer

from thaman_cli.errors import NotRunning
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table
from thaman_cli.state import RunningProcess


def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show every process, whether it is ready, and the URLs. Exit code 4 when nothing runs."""
    out, place = Output(as_json=as_json), home_of(home)
    running = place.running()
    if running is None:
        out.result({"running": False, "processes": [], "urls": {}}, "Thaman is not running. Start it with `thaman up`.")
        raise typer.Exit(NotRunning.exit_code)
    with httpx.Client(timeout=2, trust_env=False) as client:
        states = [(process, _state(client, process)) for process in running.processes]
    rows = [(p.name, p.pid or "-", state, p.restarts, p.log) for p, state in states]
    data = {
        "running": True,
        "pid": running.pid,
        "started_at": running.started_at,
        "urls": running.urls,
        "processes": [
            {"name": p.name, "pid": p.pid, "state": state, "restarts": p.restarts, "log": p.log} for p, state in states
        ],
    }
    out.result(data, table(f"Up since {running.started_at}", ("process", "pid", "state", "restarts", "log"), rows))
    if not as_json:
        out.console.print(table("", ("what", "URL"), list(running.urls.items())))


def _state(client: httpx.Client, process: RunningProcess) -> str:
    if process.pid is None:
        return "restarting"
    if process.ready_url is None:
        return "running"
    try:
        answer = client.get(process.ready_url)
    except httpx.TransportError:
        return "not answering"
    return "ready" if answer.status_code == 200 else f"not ready: {answer.text[:200]}"
