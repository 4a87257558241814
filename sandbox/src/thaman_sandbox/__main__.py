"""``python -m thaman_sandbox --host 127.0.0.1 --port N``."""

import argparse
import json
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from thaman_sandbox.app import create_app
from thaman_sandbox.config import AppConfig, SandboxConfig


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="thaman_sandbox", description="A local Salla for tests and demos.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9111)
    parser.add_argument("--state", type=Path, help="SQLite file that keeps everything across restarts")
    parser.add_argument("--app-config", help="the app to register: JSON, or the name of a file that holds it")
    parser.add_argument("--auto-approve", action="store_true", help="approve every authorise request at once")
    return parser.parse_args()


def _app_config(given: str | None) -> AppConfig | None:
    if given is None:
        return None
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
    try:
        return AppConfig.model_validate(json.loads(text))
    except (ValidationError, ValueError) as wrong:
        raise SystemExit(f"--app-config is not usable: {wrong}") from wrong


def main() -> None:
    """Run until stopped."""
    given = _arguments()
    config = SandboxConfig(state=given.state, app=_app_config(given.app_config), auto_approve=given.auto_approve)
    uvicorn.run(
        create_app(config),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        loop="asyncio",
        http="h11",
    )


if __name__ == "__main__":
    main()
