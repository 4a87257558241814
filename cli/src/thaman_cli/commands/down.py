"""``thaman down``: stop the installation of a folder."""

import os
import signal
import time

from thaman_cli.api import not_running
from thaman_cli.errors import CliError
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

_SECONDS = 60.0


def down(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Stop what `thaman up` or `thaman demo` started in this folder."""
    out, place = Output(as_json=as_json), home_of(home)
    running = place.running()
    if running is None:
        raise not_running(place)
    with out.step(f"stopping (supervisor {running.pid})"):
        os.kill(running.pid, signal.SIGTERM)
        until = time.monotonic() + _SECONDS
        while place.is_locked():
            if time.monotonic() > until:
                raise CliError(
                    "Thaman did not stop",
                    f"the supervisor {running.pid} still holds {place.folder} after {_SECONDS:g} s",
                    f"End it with `kill -9 {running.pid}`; its guard then ends the rest.",
                )
            time.sleep(0.1)
        place.wait_for_guard(_SECONDS)
    out.result({"stopped": True, "pid": running.pid})
