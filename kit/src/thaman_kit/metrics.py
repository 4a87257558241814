"""Prometheus metrics of this process: one registry, every name beginning with ``thaman_``.

The constructors return the existing metric when the name is taken, so a module may be imported twice.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "thaman_"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

M = TypeVar("M", bound=MetricWrapperBase)

REGISTRY = CollectorRegistry(auto_describe=True)
_known: dict[str, MetricWrapperBase] = {}


def counter(name: str, help: str, labels: Sequence[str] = ()) -> Counter:
    """A number that only grows; exposed as ``thaman_<name>_total``."""
    return _once(Counter, name, lambda full: Counter(full, help, labels, registry=REGISTRY))


def gauge(name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
    """A number that goes up and down."""
    return _once(Gauge, name, lambda full: Gauge(full, help, labels, registry=REGISTRY))


def histogram(name: str, help: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS) -> Histogram:
    """A distribution; give durations in seconds and end the name in ``_seconds``."""
    return _once(Histogram, name, lambda full: Histogram(full, help, labels, buckets=buckets, registry=REGISTRY))


def render() -> bytes:
    """Everything in the text format of Prometheus."""
    return generate_latest(REGISTRY)


def _once(kind: type[M], name: str, make: Callable[[str], M]) -> M:
    full = name if name.startswith(PREFIX) else PREFIX + name
    metric = _known.get(full)
    if metric is None:
        metric = _known[full] = make(full)
    if not isinstance(metric, kind):
        raise TypeError(f"{full} is a {type(metric).__name__} already")
    return metric


HTTP_REQUESTS = histogram(
    "http_request_seconds", "Time from a request's first byte to its answer's last.", ("method", "route", "status")
)

for _collector in (ProcessCollector, PlatformCollector, GCCollector):
    _collector(registry=REGISTRY)
