"""``thaman replay``: a store as it was at an instant, from the ledger alone; or its decisions made again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import admin_url, archive_dir, connect
from thaman_cli.errors import BadUsage, CliError, ExportRefused
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_cli.state import Home

DIFFERENT = 1
"""The exit code where a decision came out differently."""


def replay(
    store: Annotated[str, typer.Option(help="Salla's id of the store.")],
    at: Annotated[str | None, typer.Option(help=f"{HELP} By default now.")] = None,
    recompute: Annotated[bool, typer.Option("--recompute", help="Make every recorded decision again.")] = False,
    counterfactual: Annotated[
        Path | None, typer.Option(metavar="POLICY.json", help="Judge the recorded runs under this pricing policy.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="Of runs that began at this instant or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Of runs that began before this instant.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a store's state at an instant again, from the ledger alone and in an empty database.

    With --recompute: make its recorded decisions again from their records and compare; exit code 1 where one differs.
    With --counterfactual: say what another policy would have made of the recorded runs. Nothing live is changed.
    """
    out, place = Output(as_json=as_json), home_of(home)
    asked = [name for name, given in (("--recompute", recompute), ("--counterfactual", counterfactual)) if given]
    if not asked and (since or until):
        raise BadUsage("--from and --to choose runs", "a state has one instant", "Add --recompute, or give --at.")
    if len(asked) > 1 or (asked and at):
        raise BadUsage(f"{asked[0]} stands alone", "each option asks another thing", "Ask one after the other.")
    if recompute:
        _recompute(out, place, store, _span(since, until))
    elif counterfactual:
        _counterfactual(out, place, store, counterfactual, _span(since, until))
    else:
        _past(out, place, store, at)


def _past(out: Output, home: Home, store: str, at: str | None) -> None:
    from thaman_audit.adapters.moment import Moment
    from thaman_cli.replaying.chain import Chain, wait_for_ledger
    from thaman_cli.replaying.rebuilding import rebuilt_chain
    from thaman_cli.replaying.state import read_models, schedule_of, state_of
    from thaman_cli.replaying.tables import NOT_REBUILT
    from thaman_cli.replaying.telling import told
    from thaman_kit.errors import NoScratch, Undeliverable

    instant, url = _passed(at), admin_url(home)
    wait_for_ledger(url, store, instant)
    try:
        with Moment.of(url, archive_dir()) as ledger:
            chain = Chain(ledger, store, instant)
            chain.require()
            with rebuilt_chain(url, chain) as connection:
                rows = read_models(connection, store)
                state = state_of(rows, schedule_of(connection, store, instant), instant)
    except NoScratch as error:
        raise CliError(
            "The store is not made again", str(error), "Use an address of a role that may create databases."
        ) from error
    except Undeliverable as error:
        raise ExportRefused(
            "The store is not made again: an entry cannot be read", str(error), "Run `thaman audit verify`."
        ) from error
    data = {
        "store_id": store,
        "at": instant.astimezone(UTC).isoformat(),
        "entries": chain.entries,
        "last": chain.last,
        "hash": chain.hash,
        "state": state,
        "read_models": rows,
        "not_rebuilt": list(NOT_REBUILT),
    }
    out.result(data, escape("\n".join(told(chain, state))))


def _recompute(out: Output, home: Home, store: str, span: tuple[datetime, datetime]) -> None:
    from contextlib import closing

    from thaman_cli.replaying.again import as_data, recomputed, told_again

    with closing(connect(home, "optimizer")) as application:
        found = recomputed(application, store, *span)
    out.result(as_data(store, span, found), escape("\n".join(told_again(store, found))))
    if found.different:
        raise typer.Exit(DIFFERENT)


def _counterfactual(out: Output, home: Home, store: str, file: Path, span: tuple[datetime, datetime]) -> None:
    from contextlib import closing

    from thaman_cli.replaying.otherwise import as_data, policy_of, told_otherwise, under

    policy = policy_of(file)
    with closing(connect(home, "optimizer")) as application:
        found = under(application, store, policy, *span)
    out.result(as_data(store, policy, span, found), escape("\n".join(told_otherwise(store, policy, found))))


def _span(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """The time in which runs began; all of it where nothing is given."""
    first = instant_of(since) if since else datetime(2000, 1, 1, tzinfo=UTC)
    last = instant_of(until) if until else datetime.now(UTC)
    if last <= first:
        raise BadUsage("--to is not after --from", "no run can have begun in between", "Give a later --to.")
    return first, last


def _passed(at: str | None) -> datetime:
    """The instant, which must not lie ahead."""
    now = datetime.now(UTC)
    if at is None:
        return now
    instant = instant_of(at)
    if instant > now:
        raise BadUsage(f"{at} has not come yet", "nothing is on record", "Give an earlier --at.")
    return instant
