"""What makes the pages an app that can be installed: the worker, the manifest, the page without a network."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Response, current_app, g, jsonify, request
from flask_babel import gettext

from app.base import language, scripts
from app.base.access import allow
from app.base.nobody import Nobody, ask_nobody
from app.base.pages import asset, page
from app.sync.views.blueprint import blueprint

WORKER, OFFLINE_PAGE_WORKER = "tablet/worker.js", "tablet/offline_page_worker.js"
"""The worker of a tablet, and the small one of any other browser, whose first visit must weigh little."""
KEPT = frozenset({".css", ".js", ".json", ".svg"})
PAGE_ICON = "icons/192.png"
"""The one picture that pages themselves ask for."""
ICONS = (("192", "any"), ("512", "any"), ("maskable", "maskable"))
DEEP_BLUE = "#0a3a63"


@blueprint.get("/sw.js")
@allow("public")
def worker() -> Response:
    """The worker with its build facts, a tablet's for `?tablet`; answered with 304 while nothing changed."""
    script = _tablets_worker() if "tablet" in request.args else _offline_page_worker()
    answer = Response(script, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]


@cache
def _offline_page_worker() -> str:
    return _with_facts(OFFLINE_PAGE_WORKER, version=version())


@cache
def _tablets_worker() -> str:
    return _with_facts(
        WORKER,
        version=version(),
        assets=[asset(name) for name in _kept_files()],
        locales=list(language.LOCALES),
    )


def _with_facts(name: str, **facts: object) -> str:
    return f"const BUILD = {json.dumps(facts, separators=(',', ':'))};\n{scripts.joined(name)}"


@cache
def version() -> str:
    """The sign of everything that a tablet keeps of the app: files, pages, texts."""
    templates = Path(str(current_app.jinja_loader.searchpath[0]))  # type: ignore[union-attr]
    texts = Path(current_app.config["BABEL_TRANSLATION_DIRECTORIES"])
    read = [*templates.rglob("*.html"), *texts.rglob("*.po")]
    addresses = [asset(name) for name in (*_kept_files(), WORKER, OFFLINE_PAGE_WORKER)]
    digests = [sha256(path.read_bytes()).hexdigest() for path in sorted(read)]
    return sha256("\n".join(addresses + digests).encode()).hexdigest()[:12]


def _static() -> Path:
    return Path(str(current_app.static_folder))


def _kept_files() -> list[str]:
    found = (path for path in _static().rglob("*") if path.suffix in KEPT)
    names = {path.relative_to(_static()).as_posix() for path in found}
    return sorted((names | {PAGE_ICON}) - {WORKER, OFFLINE_PAGE_WORKER})


@blueprint.get("/manifest.webmanifest")
@allow("public")
def manifest() -> Response:
    """What the device shows of the installed app: in its own language, whoever is signed in."""
    ask_nobody()
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
    said = {
        "id": "/",
        "name": "Ventanilla",
        "short_name": "Ventanilla",
        "description": gettext("Records consultations of a desk, with or without a network."),
        "lang": language.selected(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": DEEP_BLUE,
        "theme_color": DEEP_BLUE,
        "icons": icons,
    }
    answer = jsonify(said)
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/offline")
@allow("public")
def offline() -> Response:
    """The page shown where nothing else can be: drawn for nobody, so that any device may keep it."""
    ask_nobody()
    chosen = request.args.get("locale")
    if chosen in language.LOCALES:
        language.switch(str(chosen))
    g.csrf_token = ""  # the page is kept: its forms would send a token that is long gone
    nobody: dict[str, Any] = {"me": Nobody(), "shell": True, "mode": ""}
    return page("sync/offline.html", **nobody)
