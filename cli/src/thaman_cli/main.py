"""The command's entry: one place where errors become words, an object and an exit code."""

import os
import sys

import typer

from thaman_cli.commands import (
    audit,
    dead_letters,
    demo,
    doctor,
    down,
    drift,
    export,
    forget,
    keys,
    licences,
    migrate,
    price,
    rebuild,
    replay,
    republish,
    sandbox,
    settings,
    sign_in,
    status,
    tail,
    undo,
    up,
    why,
    world,
)
from thaman_cli.errors import EXIT_CODES, BadUsage, CliError, ExportRefused
from thaman_cli.output import Output

_EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."

app = typer.Typer(
    name="thaman",
    help="Thaman keeps the prices of many Salla stores right, and proves why each price is what it is.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("down")(down.down)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("sign-in")(sign_in.sign_in)
app.command("price")(price.price)
app.command("why")(why.why)
app.command("undo")(undo.undo)
app.command("forget")(forget.forget)
app.command("replay")(replay.replay)
app.command("rebuild")(rebuild.rebuild)
app.command("republish")(republish.republish)
app.command("drift")(drift.drift)
app.command("sandbox")(sandbox.sandbox)
app.command("check-world")(world.check_world_command)
app.command("tail")(tail.tail)
app.command("migrate")(migrate.migrate)
app.add_typer(audit.app, name="audit")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(export.app, name="export")
app.add_typer(keys.app, name="keys")
app.add_typer(licences.app, name="licences")
app.add_typer(settings.app, name="settings")


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", envvar="THAMAN_DEBUG", help="Show where an error came from."),
) -> None:
    """Options before the command."""
    if debug:
        os.environ["THAMAN_DEBUG"] = "1"


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with its code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(args=given, standalone_mode=False)
    except CliError as error:
        _explain(error, given)
        code = error.exit_code
    except typer.TyperException as error:
        _explain_usage(error, given)
        code = BadUsage.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        if os.environ.get("THAMAN_DEBUG"):
            raise
        said = _unexpected(error)
        _explain(said, given)
        code = said.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: CliError, given: list[str]) -> None:
    if os.environ.get("THAMAN_DEBUG"):
        raise error
    Output(as_json="--json" in given).error(error)


def _explain_usage(error: typer.TyperException, given: list[str]) -> None:
    what, next_step = error.format_message(), "Add --help to the command to see what it takes."
    _explain(BadUsage(what, "the command was not understood", next_step), given)


def _unexpected(error: Exception) -> CliError:
    from thaman_audit.errors import ArchiveMissing

    if isinstance(error, ArchiveMissing):
        return ExportRefused(
            "A file of the archive is needed",
            str(error),
            "Put it back, readable, or set THAMAN_AUDIT_ARCHIVE_DIR to the folder that has it.",
        )
    return CliError(
        f"Something unexpected happened: {type(error).__name__}",
        str(error)[:1_000],
        "Run it again as `thaman --debug ...` to see where, and `thaman doctor` to check the machine.",
    )
