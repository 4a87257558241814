"""What can go wrong in the command, each said as what, why and what to do next.

``CliError``                       1
├── ``BadUsage``                   2  an option or argument cannot be used so
├── ``AlreadyRunning``             3  this folder's installation is up already
├── ``NotRunning``                 4  the command needs a running installation
├── ``StartFailed``                5  a part did not become ready
├── ``WorldBroken``                6  an invariant does not hold
├── ``ApiRefused``                 7  a service answered with a problem
├── ``DoctorFoundTrouble``         8  the machine cannot run Thaman as it is
├── ``DemoFailed``                 9  the demo did not reach its end
├── ``NotQuiet``                  10  the installation did not come to rest in time (``world/quiet.py``)
├── ``ExportRefused``             11  what the ledger has cannot be handed over or told, or a file taken in
├── ``LedgerBroken``              12  the ledger does not hold
└── ``DriftFound``                13  Salla shows other prices than the ledger

The number is the process' exit code; 130 is Ctrl-C.
"""

EXIT_CODES = {
    0: "done",
    1: "unexpected error (run again with --debug to see where); replay --recompute: a decision came out differently;"
    " rebuild --dry-run: rows would change",
    2: "bad option or argument",
    3: "already running in this folder; price: some lines were bad, the rest was priced",
    4: "not running",
    5: "a part did not become ready",
    6: "check-world found a violation",
    7: "a service refused the request",
    8: "doctor found trouble",
    9: "the demo did not reach its end",
    10: "the installation did not come to rest in time; replay: the ledger is behind; rebuild: tables were busy",
    11: "the record contradicts itself and nothing is made of it (export, why, replay, ...); audit import: refused",
    12: "audit verify, isolation, stops: the ledger does not hold, or shows what must not be; the first place is named",
    13: "drift: Salla shows other prices than the ledger, or our read model does",
    130: "stopped by Ctrl-C",
}
"""Every exit code of the command and what it means."""


class CliError(Exception):
    """Something a person has to know: what happened, why, and the next step."""

    exit_code = 1

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def as_dict(self) -> dict[str, str | int]:
        """The error as the object that ``--json`` prints."""
        return {"error": self.what, "why": self.why, "next_step": self.next_step, "exit_code": self.exit_code}


class BadUsage(CliError):
    """An option or argument cannot be used so."""

    exit_code = 2


class AlreadyRunning(CliError):
    """This folder's installation is up already."""

    exit_code = 3


class NotRunning(CliError):
    """The command needs a running installation."""

    exit_code = 4


class StartFailed(CliError):
    """A part did not become ready."""

    exit_code = 5


class WorldBroken(CliError):
    """An invariant does not hold."""

    exit_code = 6


class ApiRefused(CliError):
    """A service answered with a problem.

    ``status`` is the HTTP status (0 where there was no answer), ``code`` the problem's own code.
    """

    exit_code = 7

    def __init__(self, status: int, code: str, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(what, why, next_step)
        self.status = status
        self.code = code


class DoctorFoundTrouble(CliError):
    """The machine cannot run Thaman as it is."""

    exit_code = 8


class DemoFailed(CliError):
    """The demo did not reach its end."""

    exit_code = 9


class ExportRefused(CliError):
    """What the ledger has cannot be handed over or put aside, or a file cannot be taken in."""

    exit_code = 11


class LedgerBroken(CliError):
    """The ledger does not hold."""

    exit_code = 12


class DriftFound(CliError):
    """Salla, or our own read model, shows other prices than the ledger."""

    exit_code = 13
