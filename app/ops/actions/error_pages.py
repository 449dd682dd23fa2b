"""Writes the error pages that the proxy serves if the app does not respond, in every language."""

import json
from pathlib import Path

from flask import current_app
from flask_babel import force_locale, gettext

from app.i18n.language import LOCALES
from app.web.responses import ERROR_MESSAGES

STATUSES = (400, 405, 413, 429, 503, 504)
STYLE = (
    ":root{color-scheme:light dark;--bg:#fff;--ink:#12202c;--link:#0a4f99}"
    "@media(prefers-color-scheme:dark){:root{--bg:#10181f;--ink:#f2f6f9;--link:#8ec5ff}}"
    "body{margin:0;background:var(--bg);color:var(--ink);font:500 18px/1.4 system-ui,Roboto,sans-serif}"
    "header{background:#0a3a63;color:#fff;font-weight:700;padding:14px 16px}"
    "main{max-width:560px;margin:0 auto;padding:12px 16px}h1{font-size:1.5rem;line-height:1.2;margin:0 0 16px}"
    "a{color:var(--link);display:inline-block;padding:10px 14px;border:2px solid;border-radius:10px;"
    "font-weight:600;text-decoration:none}a:focus-visible{outline:4px solid #ffc83d;outline-offset:2px}"
)


def write_error_pages(folder: Path) -> int:
    """Write a page and a JSON file for each status and language, and their style sheet; return the number of files."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for locale in LOCALES:
        with force_locale(locale):
            for status in STATUSES:
                _write(folder, status, locale)
    _write_file(folder / "ventanilla-error.css", STYLE)
    return 2 * len(STATUSES) * len(LOCALES) + 1


def _write(folder: Path, status: int, locale: str) -> None:
    message, start = gettext(ERROR_MESSAGES[status]), gettext("Go to the start")
    template = current_app.jinja_env.get_template("proxy_error.html")
    page = template.render(locale=locale, message=message, start=start)
    problem = json.dumps({"problem": message}, ensure_ascii=False) + "\n"
    for kind, text in (("html", page), ("json", problem)):
        _write_file(folder / f"{status}.{locale}.{kind}", text)


def _write_file(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o644)  # the proxy runs as another user
