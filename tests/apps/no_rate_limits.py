"""The app without rate limits, so that a fuzzer reaches what lies behind them."""

from app.web.access import limiter
from wsgi import application

limiter.enabled = False

__all__ = ["application"]
