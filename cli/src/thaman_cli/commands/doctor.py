"""``thaman doctor``: can this machine run Thaman, and if not, what to do."""

import typer

from thaman_cli.checks import examine
from thaman_cli.errors import DoctorFoundTrouble
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table

_MARKS = {"ok": "✓", "warn": "!", "bad": "✗"}


def doctor(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Check Python, packages, folder, disk, memory, ports, servers and clocks. Exit code 8 when something is bad."""
    out = Output(as_json=as_json)
    findings = examine(home_of(home))
    bad = [finding for finding in findings if finding.state == "bad"]
    rows = [(_MARKS[f.state], f.name, f.detail, f.next_step) for f in findings]
    data = {"ok": not bad, "findings": [finding.as_dict() for finding in findings]}
    out.result(data, table("", ("", "what", "found", "do"), rows))
    if bad:
        raise typer.Exit(DoctorFoundTrouble.exit_code)
