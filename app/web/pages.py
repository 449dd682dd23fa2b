"""Page rendering: context, filters and globals of every template, flashed messages, cookies, redirects."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    get_flashed_messages,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import pass_context
from jinja2.runtime import Context
from werkzeug import Response as AnyResponse

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import CHILDREN, SHORT_AGES
from app.i18n import language
from app.i18n.message_texts import translate, translate_markup, translate_plural
from app.settings import current_settings
from app.web import relative_time, scripts
from app.web.requests import wants_json

MODES = ("light", "sun", "night")
PageVariables: TypeAlias = dict[str, Any]
"""Variables of a page's template, by name."""


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return the response with a rendered template."""
    return make_response(render_template(template, **context), status)


def redirect_or_json(path: str) -> Response:
    """Return the response after a change: a redirect to a page; for JSON clients `{}`, never a redirect."""
    return jsonify({}) if wants_json() else redirect(path)  # type: ignore[return-value]


def set_preference_cookie(response: AnyResponse, cookie: str, value: str) -> None:
    """Store a preference on this device for a year."""
    secure = current_settings().production
    response.set_cookie(cookie, value, max_age=31_536_000, samesite="Lax", secure=secure)


def public_url_for(endpoint: str, **values: Any) -> str:
    """Return the public URL of a page, based on PUBLIC_URL; needs no request, so that commands can print it."""
    base = current_settings().public_url.rstrip("/")
    parts = urlsplit(base)
    return base + current_app.url_map.bind(parts.netloc, url_scheme=parts.scheme).build(
        endpoint, values
    )


def mode() -> str:
    """Return this device's display mode, one of MODES; empty if the device decides."""
    chosen = request.cookies.get("mode", "")
    return chosen if chosen in MODES else ""


def flash_message(message: str, kind: str = "done", **fields: str) -> None:
    """Show one sentence on the next page; `fields` are passed to the page's script and links."""
    flash({"text": message, **fields}, kind)  # type: ignore[arg-type]


def notices() -> list[tuple[str, dict[str, str]]]:
    """Return and remove the flashed messages; those of an older version with another shape are dropped."""
    messages: Any = get_flashed_messages(with_categories=True)
    pairs = [pair for pair in messages if isinstance(pair, list | tuple) and len(pair) == 2]
    return [(kind, notice) for kind, notice in pairs if _is_notice(notice)]


def _is_notice(notice: Any) -> bool:
    if not isinstance(notice, dict) or not all(isinstance(v, str) for v in notice.values()):
        return False
    record_id = notice.get("record")
    is_complete = record_id is None or (_is_uuid(record_id) and "version" in notice)
    return "text" in notice and is_complete


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def init_app(app: Flask) -> None:
    """Register the filters, tests, globals and context of every template."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    formatters: dict[str, Callable[..., str]] = {
        "number": language.format_number,
        "percent": language.format_percent,
        "day": language.format_day,
        "weekday": language.format_weekday,
        "month": language.format_month,
        "short_month": language.format_short_month,
        "country": language.country_name,
        "language": language.language_name,
    }
    app.jinja_env.filters.update({n: _per_reader(f) for n, f in formatters.items()})
    app.jinja_env.filters["short_age"] = lambda band: SHORT_AGES.get(band, "")
    app.jinja_env.tests["child_band"] = CHILDREN.__contains__
    relative_time.init_app(app)
    scripts.init_app(app)

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        translate,
        translate_plural,
        newstyle=True,
    )
    app.jinja_env.globals.update(_=translate_markup, gettext=translate_markup)

    @app.context_processor
    def context() -> PageVariables:
        return {
            "term": term,
            "asset": asset,
            "csrf_token": generate_csrf,
            "locale": language.current_locale(),
            "locales": language.LOCALES,
            "mode": mode(),
            "me": current_user,
            "notices": notices,
            "time_at": language.format_time,
            "moment_at": language.format_moment,
        }


def _per_reader(format_value: Callable[..., str]) -> Callable[..., str]:
    """Return a filter that runs at each rendering.

    Jinja computes a filter of a constant once, when it compiles the template: in the first reader's language.
    """

    @pass_context
    def formatted(_: Context, value: Any) -> str:
        return format_value(value)

    return formatted


def asset(name: str) -> str:
    """Return the URL of a static file; it changes with the content, so that browsers may cache it forever."""
    if name.endswith(".js"):
        return scripts.address(name)
    return url_for("static", filename=name, v=_fingerprint(str(current_app.static_folder), name))


@cache
def _fingerprint(folder: str, name: str) -> str:
    return sha256((Path(folder) / name).read_bytes()).hexdigest()[:10]


def term(terms: Codelist, code: str) -> str:
    """Return the label of a stored code in the reader's language."""
    return translate(terms[code].label)
