"""Throughput, side by side with a Celery pipeline."""
