"""The worker process with a crew: does the runs that the other workers passed on. Needs the extra ``crew``."""

import sys

from thaman_kit.health import Health
from thaman_kit.process import EXIT_SETTINGS, run_worker
from thaman_optimizer.adapters.crew.advisor import CrewAdvisor, CrewMissing
from thaman_optimizer.bootstrap import build
from thaman_optimizer.crew_door import CREW_QUEUE
from thaman_optimizer.settings import OptimizerSettings
from thaman_optimizer.worker import run_runner


def run(settings: OptimizerSettings) -> None:
    """Run the worker until told to stop."""
    try:
        advisor = CrewAdvisor.of(settings)
    except CrewMissing as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_SETTINGS)
    container = build(settings, advisor=advisor)
    health = Health({"database": container.check_database})
    parts = {"runs": run_runner(container, CREW_QUEUE).run}
    run_worker(settings, parts, health, closing=[advisor.close, container.close])
