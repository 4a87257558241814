"""``thaman migrate``: schemas, roles, streams and consumers, as a job before new processes start."""

import asyncio
import os
from typing import Annotated

import typer

from thaman_cli.databases import admin_url, nats_url
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_contracts.subjects import ROOMS

PASSWORD_VARIABLE = "THAMAN_{service}_DB_PASSWORD"  # noqa: S105 -- the name of a variable


def migrate(
    streams: Annotated[bool, typer.Option(help="Create or update streams and consumers, too.")] = True,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Bring the database (and the streams) up to date. Safe to run at any time and from several places.

    Speaks to the running installation, or to THAMAN_DATABASE_URL and THAMAN_NATS_URL. The login of each service's role
    is set from THAMAN_<SERVICE>_DB_PASSWORD where that is given.
    """
    from thaman_cli.setup import create_streams, run_migrations

    out, place = Output(as_json=as_json), home_of(home)
    with out.step("database"):
        applied = run_migrations(admin_url(place), role_passwords())
    if streams:
        with out.step("streams and consumers"):
            asyncio.run(create_streams(nats_url(place)))
    words = f"Applied: {', '.join(applied)}." if applied else "The database was up to date."
    out.result({"applied": applied, "streams": streams}, words)


def role_passwords() -> dict[str, str]:
    """The roles' passwords that the environment gives."""
    names = {room: PASSWORD_VARIABLE.format(service=room.upper()) for room in ROOMS}
    return {room: os.environ[name] for room, name in names.items() if os.environ.get(name)}
