"""Traces: one trace id from the HTTP request over the outbox and the bus to the last consumer.

Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` spans exist (their ids are in the logs and travel with events) but go nowhere.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NAMESPACE = "thaman"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_propagator = TraceContextTextMapPropagator()
_consumer = trace.get_tracer("thaman_kit.consumers")


def setup(service: str, processors: Sequence[SpanProcessor] = ()) -> TracerProvider:
    """Make spans of this process carry ``service``, and export them where an endpoint is named.

    A second call returns what the first one made (with further ``processors`` added).
    """
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        name = os.environ.get("OTEL_SERVICE_NAME", service)
        provider = _Provider(resource=Resource.create({SERVICE_NAME: name, SERVICE_NAMESPACE: NAMESPACE}))
        if any(os.environ.get(endpoint) for endpoint in _ENDPOINTS):
            provider.add_span_processor(_exporting())
        trace.set_tracer_provider(provider)
    for processor in processors:
        provider.add_span_processor(processor)
    return provider


@contextmanager
def consuming(name: str, headers: Mapping[str, str], attributes: Mapping[str, str | int]) -> Iterator[None]:
    """A span for the handling of one message, in the trace that its ``headers`` carry.

    Where spans go nowhere, none is made for a message, of which there may be thousands a second: what happens inside
    then belongs to the trace as it came.
    """
    context = extract(headers)
    if is_heard():
        with _consumer.start_as_current_span(name, context, SpanKind.CONSUMER, attributes):
            yield
        return
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


def is_heard() -> bool:
    """Whether spans of this process go anywhere."""
    provider = trace.get_tracer_provider()
    return not isinstance(provider, _Provider) or provider.is_heard


class _Provider(TracerProvider):
    """Knows whether anybody listens."""

    is_heard = False

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        self.is_heard = True
        super().add_span_processor(span_processor)


def shutdown(timeout_ms: int = 2000) -> None:
    """Send the spans that wait to be exported; those that do not make it in time are lost."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(timeout_ms)


def tracer(name: str = "thaman_kit") -> Tracer:
    """The tracer of a module."""
    return trace.get_tracer(name)


def inject(context: Context | None = None) -> dict[str, str]:
    """The current trace as headers: ``traceparent`` and perhaps ``tracestate``; empty outside any span."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context)
    return carrier


def extract(headers: Mapping[str, str]) -> Context:
    """The context that ``headers`` (names in any case) carry; an empty one if they carry none or nonsense."""
    return _propagator.extract({name.lower(): value for name, value in headers.items()}, Context())


def current_trace_id() -> str | None:
    """The current trace as 32 hexadecimal digits, ``None`` outside any span."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def _exporting() -> SpanProcessor:
    # Late: the exporter's imports cost every process a tenth of a second, and most have no collector.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter())
