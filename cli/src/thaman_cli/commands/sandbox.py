"""``thaman sandbox``: the local Salla alone."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from thaman_cli.errors import BadUsage
from thaman_cli.options import JsonOption
from thaman_cli.output import Output
from thaman_cli.ports import is_free


def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="TCP port on the loopback address.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    state: Annotated[
        Path | None, typer.Option(help="SQLite file that keeps its stores; without one, memory only.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the local Salla and its competitor shops alone, until Ctrl-C."""
    if not is_free(port):
        raise BadUsage(f"Port {port} is taken", "another process listens on it", "Choose another with --port.")
    base = f"http://{host}:{port}"
    urls = {"salla": base, "authorize": f"{base}/oauth2/auth", "api": f"{base}/admin/v2", "control": f"{base}/_sandbox"}
    Output(as_json=as_json).result({"urls": urls}, f"Local Salla on {base} (control API under {urls['control']}).")
    command = [sys.executable, "-m", "thaman_sandbox", "--host", host, "--port", str(port)]
    os.execv(sys.executable, command + (["--state", str(state)] if state else []))  # noqa: S606 -- our own module
