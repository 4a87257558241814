"""``thaman dead-letters``: messages that a consumer could not handle and put aside, one store at a time."""

from contextlib import closing
from typing import Annotated, Any

import typer

from thaman_cli.databases import connect
from thaman_cli.errors import BadUsage, CliError
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_contracts.subjects import ROOMS

app = typer.Typer(help="Messages that were put aside: list, handle again, give up.", no_args_is_help=True)

ServiceArgument = Annotated[str, typer.Argument(help="The consuming service, e.g. optimizer.")]
_JOBS = 1_000
_JOB_COLUMNS = ("service", "id", "queue", "key", "store", "reason")
_COLUMNS = ("service", "id", "store", "from", "event", "state", "tries", "reason")


@app.command("list")
def list_(
    service: Annotated[str | None, typer.Option(help="Only this service's.")] = None,
    store: Annotated[str | None, typer.Option(help="Only this store's.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """List messages and jobs that were put aside, with their reasons."""
    from thaman_kit.dead_letters import list_letters
    from thaman_kit.jobs import JobQueue

    out, place = Output(as_json=as_json), home_of(home)
    letters: list[dict[str, Any]] = []
    jobs: list[dict[str, Any]] = []
    for name in [_known(service)] if service else ROOMS:
        with closing(connect(place, name)) as application:
            letters += [_row(name, letter) for letter in list_letters(application, store_id=store)]
            dead = JobQueue(application.database).dead(_JOBS)
            jobs += [_job_row(name, job) for job in dead if store in (None, job["store_id"])]
    if letters:
        out.line_table("messages", _COLUMNS, [tuple(map(str, row.values())) for row in letters])
    if jobs:
        out.line_table("jobs", _JOB_COLUMNS, [tuple(map(str, row.values())) for row in jobs])
    nothing = None if letters or jobs else "There are no dead letters."
    out.result({"dead_letters": letters, "dead_jobs": jobs}, nothing)


@app.command("retry-job")
def retry_job(
    service: ServiceArgument,
    job: Annotated[int, typer.Argument(help="The job's id, as `list` shows it.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Let a service try a job again that it had given up."""
    from thaman_kit.jobs import JobQueue

    out, place = Output(as_json=as_json), home_of(home)
    with closing(connect(place, _known(service))) as application:
        if not JobQueue(application.database).revive(job):
            raise _no_job(service, job)
    out.result({"retried": job, "service": service}, f"{service} tries job {job} again.")


@app.command("drop-job")
def drop_job(
    service: ServiceArgument,
    job: Annotated[int, typer.Argument(help="The job's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why it is given up; kept with it.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give a job up for good; its row stays, with the reason."""
    from thaman_kit.jobs import JobQueue

    out, place = Output(as_json=as_json), home_of(home)
    with closing(connect(place, _known(service))) as application:
        if not JobQueue(application.database).discard(job, reason):
            raise _no_job(service, job)
    out.result({"dropped": job, "service": service}, f"Dropped job {job} of {service}.")


@app.command("retry")
def retry(
    service: ServiceArgument,
    upstream: Annotated[str, typer.Argument(help="Where the messages come from, as `list` shows it.")],
    store: Annotated[str, typer.Argument(help="The store whose messages wait.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Handle again everything one store has waiting from one upstream, in order."""
    from thaman_cli.routers import parts_of
    from thaman_kit import dead_letters
    from thaman_kit.errors import DeadLetterError

    out, place = Output(as_json=as_json), home_of(home)
    with closing(parts_of(_known(service), place)) as parts:
        try:
            handled = dead_letters.retry(parts.application, parts.router, upstream=upstream, store_id=store)
        except DeadLetterError as error:
            raise CliError(
                "The dead letters were not handled", str(error), "See `thaman dead-letters list`."
            ) from error
    out.result({"handled": handled, "store_id": store}, f"Handled {handled} message(s) of store {store}.")


@app.command("drop")
def drop(
    service: ServiceArgument,
    letter: Annotated[int, typer.Argument(help="The letter's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why it is given up; kept with it.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give one message up; its row stays, with the reason."""
    from thaman_kit import dead_letters
    from thaman_kit.errors import DeadLetterError

    out, place = Output(as_json=as_json), home_of(home)
    with closing(connect(place, _known(service))) as application:
        try:
            dropped = dead_letters.drop(application, letter, reason)
        except DeadLetterError as error:
            raise CliError("The dead letter was not dropped", str(error), "See `thaman dead-letters list`.") from error
    next_step = f"thaman dead-letters retry {service} {dropped.upstream} {dropped.store_id}"
    out.result({"dropped": letter, "store_id": dropped.store_id}, f"Dropped. What waited behind it: `{next_step}`.")


def _known(service: str) -> str:
    if service not in ROOMS:
        raise BadUsage(f"There is no service {service!r}", "a name was mistyped", f"Choose from {', '.join(ROOMS)}.")
    return service


def _no_job(service: str, job: int) -> CliError:
    return CliError(f"{service} has no dead job {job}", "the id is wrong or it was settled", "See `dead-letters list`.")


def _job_row(service: str, job: dict[str, Any]) -> dict[str, Any]:
    return {"service": service} | {name: job[name] for name in ("id", "queue", "key", "store_id", "last_error")}


def _row(service: str, letter: Any) -> dict[str, Any]:
    return {
        "service": service,
        "id": letter.id,
        "store_id": letter.store_id,
        "upstream": letter.upstream,
        "event_type": letter.event_type or "?",
        "state": letter.state,
        "attempts": letter.attempts,
        "reason": letter.reason,
    }
