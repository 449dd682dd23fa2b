"""The scripts of the pages: ES modules, served without comments, whose imports name the version of what they import."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, normpath
from posixpath import join as join_path

from flask import Flask, Response, current_app, g, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from markupsafe import Markup

COMMENT = re.compile(r"/\*\*.*?\*/ ?", re.S)
REMARK = re.compile(r"(?<=[;,{}]) //[^\"'`]*$")
IMPORTED = re.compile(
    r'(?P<before>\bfrom |^import |\bimport\()"(?P<path>\.{1,2}/[\w./]+\.js)"', re.M
)
STATIC_IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\} from )?"(?P<path>[\w./]+)";\n?', re.M)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.M)
EXPORT_LIST = re.compile(r"^export \{(?P<names>[^}]*)\};\n?", re.M)
NOT_JOINED = re.compile(r"^(?:import|export)\b.*$", re.M)

UNUSED_HEADERS = ("Content-Disposition", "Last-Modified", "Expires", "Accept-Ranges")
"""A tenth of what a small file weighs on the wire; version, `ETag` and `Cache-Control` do their work."""


class SessionInterface(SecureCookieSessionInterface):
    """Leaves the session out of files, which are the same for everybody: a sign-in must not make them stale."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def prepare(app: Flask) -> None:
    """Serves scripts by their text below; templates draw them by `module`."""
    app.session_interface = SessionInterface()
    plain = app.view_functions["static"]

    def static(filename: str) -> Response:
        if filename in _names(_folder()):
            return _answer(filename)
        answer: Response = plain(filename=filename)  # type: ignore[assignment]
        for name in UNUSED_HEADERS:
            answer.headers.pop(name, None)
        return answer

    app.view_functions["static"] = static
    app.jinja_env.globals["module"] = module


def _answer(name: str) -> Response:
    answer = Response(text(name), mimetype="text/javascript")
    answer.set_etag(version(name))
    if request.args.get("v", version(name)) == version(name):
        answer.headers["Cache-Control"] = "public, max-age=31536000"
    else:  # while versions change: a device must not keep this text under the other one's address
        answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    answer.headers.pop(
        "Content-Length", None
    )  # by it the library would leave small ones uncompressed
    return answer


def module(name: str) -> Markup:
    """The script of a page, and links that fetch at once all that it imports; each link once a page."""
    linked: set[str] = g.setdefault("linked_modules", set())
    found = [one for one in imports(name) if one not in linked]
    linked.update(found)
    links = [f'<link rel="modulepreload" href="{address(one)}">' for one in found]
    return Markup("\n  ".join([*links, f'<script type="module" src="{address(name)}"></script>']))  # noqa: S704


def address(name: str) -> str:
    """The address of a script; it changes with its text and with all that it imports."""
    return url_for("static", filename=name, v=version(name))


def version(name: str) -> str:
    """Ten characters that change with the script's text, and so with all that it imports."""
    return sha256(text(name).encode()).hexdigest()[:10]


def text(name: str) -> str:
    """What is served of a script: no comments, no indentation, its imports with their versions."""
    return _text(_folder(), name, ())


def imports(name: str) -> list[str]:
    """The modules that must be there before this one runs, each after those that it imports itself."""
    return _imports(_folder(), name)[:-1]


def joined(name: str) -> str:
    """A module and all that it imports as one classic script: workers in use cannot update to a module."""
    parts = [_as_function(one) for one in _imports(_folder(), name)]
    return "\n".join(["const modules = {};", *parts])


def _folder() -> str:
    return str(current_app.static_folder)


@cache
def _names(folder: str) -> frozenset[str]:
    return frozenset(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.js"))


@cache
def _source(folder: str, name: str) -> str:
    lines = COMMENT.sub("", (Path(folder) / name).read_text("utf-8")).splitlines()
    stripped = (REMARK.sub("", line.strip()) for line in lines)
    return "".join(f"{line}\n" for line in stripped if line and not line.startswith("//"))


@cache
def _text(folder: str, name: str, around: tuple[str, ...]) -> str:
    if name in around:
        raise RuntimeError(f"{name} imports itself: {', '.join(around)}")

    def with_version(found: re.Match[str]) -> str:
        imported = _text(folder, _resolve(name, found["path"]), (*around, name))
        return f'{found["before"]}"{found["path"]}?v={sha256(imported.encode()).hexdigest()[:10]}"'

    return IMPORTED.sub(with_version, _source(folder, name))


@cache
def _imports(folder: str, name: str) -> list[str]:
    direct = [_resolve(name, one["path"]) for one in STATIC_IMPORT.finditer(_source(folder, name))]
    found = [deep for one in direct for deep in _imports(folder, one)]
    return [*dict.fromkeys(found), name]


def _resolve(name: str, path: str) -> str:
    return normpath(join_path(dirname(name), path))


def _as_function(name: str) -> str:
    source = _source(_folder(), name)
    exported = EXPORT.findall(source)
    exported += [one for found in EXPORT_LIST.finditer(source) for one in _listed(found["names"])]
    body = STATIC_IMPORT.sub(
        lambda found: _from_modules(name, found), EXPORT_LIST.sub("", EXPORT.sub("", source))
    )
    if left := NOT_JOINED.search(body):
        raise RuntimeError(f"{name} cannot be joined into one script: {left[0]}")
    return f'modules["{name}"] = (() => {{\n"use strict";\n{body}return {{ {", ".join(exported)} }};\n}})();'


def _from_modules(name: str, found: re.Match[str]) -> str:
    names = ", ".join(one.replace(" as ", ": ") for one in _listed(found["names"]))
    return f'const {{ {names} }} = modules["{_resolve(name, found["path"])}"];\n'


def _listed(names: str | None) -> list[str]:
    return [one.strip() for one in (names or "").split(",") if one.strip()]
