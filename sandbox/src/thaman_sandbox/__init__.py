"""A faithful local Salla (OAuth, Merchant API, webhooks) and its competitor shops, for tests, demos and benchmarks."""

from thaman_sandbox.app import SandboxApp, create_app
from thaman_sandbox.config import AppConfig, SandboxConfig

__all__ = ["AppConfig", "SandboxApp", "SandboxConfig", "create_app"]
