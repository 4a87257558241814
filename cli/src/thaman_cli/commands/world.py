"""``thaman check-world``: does everything agree with everything?"""

import typer

from thaman_cli.errors import WorldBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table


def check_world_command(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Check the invariants over all services and Salla, and name each violation. Exit code 6 when there is one."""
    from thaman_cli.checking import check

    out, place = Output(as_json=as_json), home_of(home)
    with out.step("checking events, ledger, decisions, writes and prices"):
        report = check(place)
    words = [str(violation) for violation in report.violations]
    data = {"ok": report.ok, "violations": words}
    if report.ok:
        out.result(data, "The world is in order.")
        return
    rows = list(enumerate(words, 1))
    out.result(data, table("The world is not in order", ("", "violation"), rows))
    raise typer.Exit(WorldBroken.exit_code)
