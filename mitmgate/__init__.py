"""mitmgate: a multi-tenant LLM gateway built as a chain of mitmproxy addons."""

__version__ = "0.1.0"
