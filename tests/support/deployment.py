"""What each service's settings know, for comparing with compose and Nomad files."""

import importlib

from pydantic_settings import BaseSettings

from thaman_kit.settings import PREFIX, ServiceSettings


def settings_class(service: str) -> type[BaseSettings]:
    """The settings class of a service."""
    module = importlib.import_module(f"thaman_{service}.settings")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
    ]
    (found,) = classes
    return found


def settings_of(service: str) -> list[str]:
    """Every environment variable that a service knows."""
    return [f"{PREFIX}{name.upper()}" for name in settings_class(service).model_fields]


def required_settings(service: str) -> set[str]:
    """The variables without which a service does not start."""
    fields = settings_class(service).model_fields
    return {f"{PREFIX}{name.upper()}" for name, field in fields.items() if field.is_required()}
