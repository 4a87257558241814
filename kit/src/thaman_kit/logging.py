"""Structured logs: one line per event, as JSON or for people, without secrets.

``configure`` once per process; then ``log = get_logger(__name__)`` and ``log.info("store_paused", store_id=...)``. What
the standard library's loggers say (uvicorn, psycopg, NATS) takes the same way. Fields bound with :func:`log_context`
appear in every line of the request, message or job at hand.
"""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from thaman_kit.redaction import redact, redact_field
from thaman_kit.telemetry import current_trace_id

Logger = structlog.stdlib.BoundLogger

# These tell of each request with its whole address, queries included.
_CHATTY = ("httpx", "httpcore", "asyncio", "nats", "urllib3", "uvicorn.access")


def configure(
    service: str,
    level: str = "info",
    format: Literal["json", "text"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Send all logs of this process, structlog's and the standard library's, to ``stream`` (default: stderr)."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _Origin(service),
    ]
    _through_stdlib(shared)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(shared, format, colours=(stream or sys.stderr).isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # A server that was started in this process before has handlers of its own, which redact nothing.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def get_logger(name: str) -> Logger:
    """The logger of a module."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def log_context(**fields: Any) -> Iterator[None]:
    """Put ``fields`` (``store_id``, ``run_id``, ...) into every line logged inside the block, also from its threads."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def bind_log_context(**fields: Any) -> None:
    """Like :func:`log_context` for the rest of the current request or task."""
    structlog.contextvars.bind_contextvars(**fields)


def _through_stdlib(shared: Sequence[Processor]) -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Origin:
    """Adds who speaks, and the trace it belongs to."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        trace_id = current_trace_id()
        if trace_id is not None:
            event.setdefault("trace_id", trace_id)
        return event


def _formatter(shared: list[Processor], format: str, *, colours: bool) -> logging.Formatter:
    renderer: Processor
    if format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=colours, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _redact_event,
            renderer,
        ],
    )


def _redact_event(logger: Any, method: str, event: EventDict) -> Mapping[str, Any]:
    # Last before rendering, so that messages, fields and tracebacks all pass here.
    cleaned: MutableMapping[str, Any] = {}
    for name, value in event.items():
        cleaned[name] = redact(value) if name in {"event", "exception", "stack"} else redact_field(name, value)
    return cleaned


# Until configure() is called, events go to the standard library's loggers instead of being printed with all variables.
_through_stdlib([structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, _redact_event])
