"""The pages as an installable app: service worker, manifest, and the page shown without a network."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app, g, jsonify, request
from flask_babel import gettext

from app.i18n import language
from app.sync.views.blueprint import blueprint
from app.web import scripts
from app.web.access import allow
from app.web.anonymous import AnonymousPrincipal, use_anonymous_principal
from app.web.pages import asset, render_page

WORKER, OFFLINE_PAGE_WORKER = "tablet/worker.js", "tablet/offline_page_worker.js"
"""The worker of a tablet, and the small one of any other browser, whose first visit must stay small."""
STORED_SUFFIXES = frozenset({".css", ".js", ".json", ".svg"})
PAGE_ICON = "icons/192.png"
"""The one picture that pages themselves load."""
ICONS = (("192", "any"), ("512", "any"), ("maskable", "maskable"))
DEEP_BLUE = "#0a3a63"


@blueprint.get("/sw.js")
@allow("public")
def worker() -> Response:
    """Return the worker with its build data, a tablet's for `?tablet`; 304 while nothing changed."""
    script = _tablet_worker() if "tablet" in request.args else _offline_page_worker()
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


@cache
def _offline_page_worker() -> str:
    return _with_build_data(OFFLINE_PAGE_WORKER, version=app_version())


@cache
def _tablet_worker() -> str:
    return _with_build_data(
        WORKER,
        version=app_version(),
        assets=[asset(name) for name in _stored_files()],
        locales=list(language.LOCALES),
    )


def _with_build_data(name: str, **build_data: object) -> str:
    return f"const BUILD = {json.dumps(build_data, separators=(',', ':'))};\n{scripts.joined(name)}"


@cache
def app_version() -> str:
    """Return a digest of everything that a tablet stores of the app: files, pages, texts."""
    templates = Path(str(current_app.jinja_loader.searchpath[0]))  # type: ignore[union-attr]
    texts = Path(current_app.config["BABEL_TRANSLATION_DIRECTORIES"])
    sources = [*templates.rglob("*.html"), *texts.rglob("*.po")]
    addresses = [asset(name) for name in (*_stored_files(), WORKER, OFFLINE_PAGE_WORKER)]
    digests = [sha256(path.read_bytes()).hexdigest() for path in sorted(sources)]
    return sha256("\n".join(addresses + digests).encode()).hexdigest()[:12]


def _static() -> Path:
    return Path(str(current_app.static_folder))


def _stored_files() -> list[str]:
    paths = (path for path in _static().rglob("*") if path.suffix in STORED_SUFFIXES)
    names = {path.relative_to(_static()).as_posix() for path in paths}
    return sorted((names | {PAGE_ICON}) - {WORKER, OFFLINE_PAGE_WORKER})


@blueprint.get("/manifest.webmanifest")
@allow("public")
def manifest() -> Response:
    """Return what the device shows of the installed app, in the device's language for every account."""
    use_anonymous_principal()
    icons = [
        {
            "src": asset(f"icons/{name}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, purpose in ICONS
        for size in (name if name.isdigit() else "512",)
    ]
    content = {
        "id": "/",
        "name": "Ventanilla",
        "short_name": "Ventanilla",
        "description": gettext("Records consultations of a desk, with or without a network."),
        "lang": language.current_locale(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": DEEP_BLUE,
        "theme_color": DEEP_BLUE,
        "icons": icons,
    }
    response = jsonify(content)
    response.mimetype = "application/manifest+json"
    return response


@blueprint.get("/offline")
@allow("public")
def offline() -> Response:
    """Show the page for when there is no network: drawn for no account, so that any device may store it."""
    use_anonymous_principal()
    locale = request.args.get("locale")
    if locale in language.LOCALES:
        language.switch_locale(str(locale))
    g.csrf_token = ""  # the page is stored: its forms would send an expired token
    context: dict[str, object] = {"me": AnonymousPrincipal(), "shell": True, "mode": ""}
    return render_page("sync/offline.html", 200, **context)
