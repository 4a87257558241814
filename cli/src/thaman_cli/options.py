"""Options that every command shares."""

import os
from pathlib import Path
from typing import Annotated

import typer

from thaman_cli.state import Home

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="THAMAN_HOME", help="The installation's folder: data, logs, secrets.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; words go to stderr.")]
LogLevelOption = Annotated[
    str, typer.Option("--log-level", help="debug, info, warning or error; logs are in <home>/logs.")
]

DEFAULT_HOME = Path(".thaman")


def home_of(folder: Path) -> Home:
    """The folder as an absolute place, whatever the working directory is later."""
    return Home(Path(os.path.abspath(folder)))  # noqa: PTH100 -- resolve() would follow a symlinked folder
