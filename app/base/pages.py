"""Draws pages: the layout's common facts and the words that templates use to write codes, numbers and dates."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
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

from app.base import language, spans
from app.base.lists import CHILDREN, SHORT_AGES
from app.base.message_texts import marked_text, text_of, text_of_number
from app.base.requests import wants_json
from app.base.words import Terms

MODES = ("light", "sun", "night")


def page(template: str, status: int = 200, **facts: Any) -> Response:
    """The answer of a page; pages with a person signed in are never stored."""
    return make_response(render_template(template, **facts), status)


def go_to(path: str) -> Response:
    """The answer of a change that is done: on to a page; for a program never a redirect."""
    return jsonify({}) if wants_json() else redirect(path)  # type: ignore[return-value]


def remember_here(answer: Response, cookie: str, value: str) -> None:
    """Keeps a choice on this device for a year."""
    secure = current_app.config["SETTINGS"].production
    answer.set_cookie(cookie, value, max_age=31_536_000, samesite="Lax", secure=secure)


def public_link(endpoint: str, **values: Any) -> str:
    """The full address of a page as it is known outside; needs no request, so that commands can print it."""
    address = str(current_app.config["SETTINGS"].public_url).rstrip("/")
    here = urlsplit(address)
    return address + current_app.url_map.bind(here.netloc, url_scheme=here.scheme).build(
        endpoint, values
    )


def mode() -> str:
    """How the page is lit on this device; empty is as the device prefers."""
    chosen = request.cookies.get("mode", "")
    return chosen if chosen in MODES else ""


def say(message: str, kind: str = "done", **facts: str) -> None:
    """Shows one sentence on the next page; `facts` go with it for the page's script and links."""
    flash({"text": message, **facts}, kind)  # type: ignore[arg-type]


def notices() -> list[tuple[str, dict[str, str]]]:
    """What `say` left, shown once; what an older version may have left in another shape is dropped."""
    waiting: Any = get_flashed_messages(with_categories=True)
    pairs = [pair for pair in waiting if isinstance(pair, list | tuple) and len(pair) == 2]
    return [(kind, said) for kind, said in pairs if _is_notice(said)]


def _is_notice(said: Any) -> bool:
    if not isinstance(said, dict) or not all(isinstance(fact, str) for fact in said.values()):
        return False
    about = said.get("record")
    return "text" in said and (about is None or (_is_uuid(about) and "version" in said))


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def prepare(app: Flask) -> None:
    """Gives every template the words it may use."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    written = (
        *(language.number, language.percent, language.country, language.language),
        *(language.day, language.weekday, language.month, language.short_month),
    )
    app.jinja_env.filters.update({write.__name__: _for_each_reader(write) for write in written})
    app.jinja_env.filters["short_age"] = lambda band: SHORT_AGES.get(band, "")
    app.jinja_env.tests["child_band"] = CHILDREN.__contains__
    spans.prepare(app)

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        text_of,
        text_of_number,
        newstyle=True,
    )
    app.jinja_env.globals.update(_=marked_text, gettext=marked_text)

    @app.context_processor
    def words() -> dict[str, Any]:
        return {
            "term": term,
            "asset": asset,
            "csrf_token": generate_csrf,
            "locale": language.selected(),
            "locales": language.LOCALES,
            "mode": mode(),
            "me": current_user,
            "notices": notices,
            "time_at": language.time,
            "moment_at": language.moment,
        }


def _for_each_reader(write: Callable[..., str]) -> Callable[..., str]:
    """A filter that is asked at each drawing: a constant would else be written once, for the first reader, for all."""

    @pass_context
    def written(_: Context, value: Any) -> str:
        return write(value)

    return written


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that a device may keep it for good."""
    return url_for("static", filename=name, v=_fingerprint(str(current_app.static_folder), name))


@cache
def _fingerprint(folder: str, name: str) -> str:
    return sha256((Path(folder) / name).read_bytes()).hexdigest()[:10]


def term(terms: Terms, code: str) -> str:
    """The label of a stored code in the reader's language."""
    return text_of(terms[code].label)
