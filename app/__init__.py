"""Ventanilla: the application factory."""

import logging
import sys
from pathlib import Path

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate

from app import registry
from app.db.session import db
from app.i18n import catalogues, language
from app.web import access, errors, pages, proxy, request_log
from app.web.requests import Request
from config import INSTANCE, Settings, flask_config

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings) -> Flask:
    """Return the application with these settings; raises RuntimeError if a view does not declare its permission."""
    app = Flask(
        __name__, template_folder=str(ROOT / "templates"), instance_path=str(ROOT / "instance")
    )
    app.request_class = Request
    # Werkzeug would redirect "//" to "/" by an absolute URL built from the Host header of the request.
    app.url_map.merge_slashes = False
    app.config.from_mapping(flask_config(settings))
    if not settings.production:
        INSTANCE.mkdir(mode=0o700, exist_ok=True)
    _log_json(app)
    catalogues.compile_catalogues(ROOT / "translations")
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    access.csrf.init_app(app)
    access.login_manager.init_app(app)
    access.limiter.init_app(app)
    language.babel.init_app(app, locale_selector=language.current_locale)
    Compress(app)
    pages.init_app(app)
    request_log.init_app(app)
    errors.init_app(app)
    proxy.init_app(app)
    registry.register(app)
    access.require_declared_permissions(app)
    return app


def _log_json(app: Flask) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(request_log.JsonFormatter())
    for name in ("ventanilla", app.name):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
