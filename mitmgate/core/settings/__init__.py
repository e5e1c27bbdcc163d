"""Settings: what may be set (model, kinds), where it comes from (loading), what a run adds (runtime)."""

from mitmgate.core.settings.loading import Effective, config_file, load_effective, load_settings, secret_variables
from mitmgate.core.settings.model import (
    Auth,
    Cache,
    Database,
    Limits,
    Redis,
    Server,
    Settings,
    Upstream,
    Usage,
    Vectors,
)
from mitmgate.core.settings.problem import ConfigError, Problem
from mitmgate.core.settings.runtime import Runtime, load_runtime, runtime_document, runtime_secrets

__all__ = [
    "Auth",
    "Cache",
    "ConfigError",
    "Database",
    "Effective",
    "Limits",
    "Problem",
    "Redis",
    "Runtime",
    "Server",
    "Settings",
    "Upstream",
    "Usage",
    "Vectors",
    "config_file",
    "load_effective",
    "load_runtime",
    "load_settings",
    "runtime_document",
    "runtime_secrets",
    "secret_variables",
]
