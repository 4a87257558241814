"""Trace context over process borders, and the metrics' registry."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from thaman_kit import metrics, telemetry


def test_a_trace_survives_headers() -> None:
    exporter = InMemorySpanExporter()
    telemetry.setup("demo", [SimpleSpanProcessor(exporter)])
    with telemetry.tracer().start_as_current_span("sender"):
        headers, trace_id = telemetry.inject(), telemetry.current_trace_id()
    assert set(headers) == {"traceparent"}
    assert telemetry.current_trace_id() is None
    shouted = {name.upper(): value for name, value in headers.items()}
    with telemetry.tracer().start_as_current_span("receiver", context=telemetry.extract(shouted)):
        assert telemetry.current_trace_id() == trace_id
    sender, receiver = exporter.get_finished_spans()
    assert receiver.parent is not None
    assert sender.context is not None
    assert receiver.parent.span_id == sender.context.span_id


@pytest.mark.parametrize("headers", [{}, {"traceparent": "nonsense"}, {"traceparent": "00-" + "0" * 32 + "-1-01"}])
def test_no_or_broken_headers_begin_a_new_trace(headers: dict[str, str]) -> None:
    telemetry.setup("demo")
    with telemetry.tracer().start_as_current_span("outer"):
        outer = telemetry.current_trace_id()
        with telemetry.tracer().start_as_current_span("inner", context=telemetry.extract(headers)):
            assert telemetry.current_trace_id() not in {None, outer}
    assert telemetry.inject() == {}


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_message_is_handled_in_its_own_trace(monkeypatch: pytest.MonkeyPatch, is_heard: bool) -> None:
    provider = telemetry.setup("demo", [SimpleSpanProcessor(InMemorySpanExporter())])
    monkeypatch.setattr(provider, "is_heard", is_heard)
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with telemetry.consuming("PriceDecided process", headers, {}):
        assert telemetry.current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
        assert (telemetry.inject() == headers) is not is_heard, "a span of its own only where somebody listens"
    assert telemetry.current_trace_id() is None


def test_setup_twice_is_one_provider() -> None:
    assert telemetry.setup("demo") is telemetry.setup("other")


def test_metrics_are_made_once_and_rendered() -> None:
    first = metrics.counter("edge_things", "Things.", ["kind"])
    assert metrics.counter("edge_things", "Things.", ["kind"]) is first
    first.labels("a").inc(2)
    metrics.gauge("edge_level", "Level.").set(7)
    metrics.histogram("edge_wait_seconds", "Wait.").observe(0.2)
    with pytest.raises(TypeError, match="thaman_edge_things is a Counter already"):
        metrics.gauge("edge_things", "Things.")
    text = metrics.render().decode()
    assert 'thaman_edge_things_total{kind="a"} 2.0' in text
    assert "thaman_edge_level 7.0" in text
    assert 'thaman_edge_wait_seconds_bucket{le="0.25"} 1.0' in text
    assert "process_resident_memory_bytes" in text
