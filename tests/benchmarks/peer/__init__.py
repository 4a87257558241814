"""The peer: the same work as an idiomatic Celery 5 + Redis + SQLAlchemy 2 application would do it."""
