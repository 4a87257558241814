"""What CrewAI finds in its environment; it looks when it is imported, so this comes first.

CrewAI writes keys and databases below ``HOME``, asks for news, and reports to its makers, unless it is told otherwise.
It gets a folder of its own that is thrown away, and is told otherwise. Our own telemetry is not touched.
"""

import os
from pathlib import Path

SETTINGS = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "ANONYMIZED_TELEMETRY": "False",  # of Chroma, which CrewAI imports
}


def prepare(folder: Path) -> None:
    """Set this process's environment for CrewAI; ``folder`` becomes its home."""
    os.environ.update(SETTINGS)
    os.environ["HOME"] = str(folder)
