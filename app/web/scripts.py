"""Scripts of the pages: ES modules served without comments, whose imports carry the version of the imported module."""

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
# They are a tenth of a small response; version, `ETag` and `Cache-Control` do their work.


class SessionInterface(SecureCookieSessionInterface):
    """Leave the session cookie out of static files, which are the same for all: a sign-in must not make them stale."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Serve scripts as returned by `text`; templates include them with `module`."""
    app.session_interface = SessionInterface()
    serve_file = app.view_functions["static"]

    def static(filename: str) -> Response:
        if filename in _names(_folder()):
            return _script_response(filename)
        response: Response = serve_file(filename=filename)  # type: ignore[assignment]  # typed as any view
        for name in UNUSED_HEADERS:
            response.headers.pop(name, None)
        return response

    app.view_functions["static"] = static
    app.jinja_env.globals["module"] = module


def _script_response(name: str) -> Response:
    response = Response(text(name), mimetype="text/javascript")
    response.set_etag(version(name))
    if request.args.get("v", version(name)) == version(name):
        response.headers["Cache-Control"] = "public, max-age=31536000"
    else:  # while versions change: a device must not keep this text under the other one's address
        response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    # The compression library leaves small responses alone by their length; scripts are worth it.
    response.headers.pop("Content-Length", None)
    return response


def module(name: str) -> Markup:
    """Return the script tag of a page, and preload links for everything it imports; each link once per page."""
    linked: set[str] = g.setdefault("linked_modules", set())
    imported = [path for path in imports(name) if path not in linked]
    linked.update(imported)
    links = [f'<link rel="modulepreload" href="{address(path)}">' for path in imported]
    return Markup("\n  ".join([*links, f'<script type="module" src="{address(name)}"></script>']))  # noqa: S704 - names of our own files


def address(name: str) -> str:
    """Return the URL of a script; it changes with its text and with everything it imports."""
    return url_for("static", filename=name, v=version(name))


def version(name: str) -> str:
    """Return ten characters that change with the script's text, and so with everything it imports."""
    return sha256(text(name).encode()).hexdigest()[:10]


def text(name: str) -> str:
    """Return a script as served: without comments and indentation, its imports with their versions."""
    return _text(_folder(), name, ())


def imports(name: str) -> list[str]:
    """Return the modules that must run before this one, each after those it imports itself."""
    return _imports(_folder(), name)[:-1]


def joined(name: str) -> str:
    """Return a module and everything it imports as one classic script.

    Service workers in use cannot update from a classic script to a module.
    """
    parts = [_as_function(path) for path in _imports(_folder(), name)]
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
def _text(folder: str, name: str, importers: tuple[str, ...]) -> str:
    if name in importers:
        raise RuntimeError(f"{name} imports itself: {', '.join(importers)}")

    def with_version(match: re.Match[str]) -> str:
        imported = _text(folder, _resolve(name, match["path"]), (*importers, name))
        return f'{match["before"]}"{match["path"]}?v={sha256(imported.encode()).hexdigest()[:10]}"'

    return IMPORTED.sub(with_version, _source(folder, name))


@cache
def _imports(folder: str, name: str) -> list[str]:
    matches = STATIC_IMPORT.finditer(_source(folder, name))
    direct = [_resolve(name, match["path"]) for match in matches]
    transitive = [path for imported in direct for path in _imports(folder, imported)]
    return [*dict.fromkeys(transitive), name]


def _resolve(name: str, path: str) -> str:
    return normpath(join_path(dirname(name), path))


def _as_function(name: str) -> str:
    source = _source(_folder(), name)
    exported = EXPORT.findall(source)
    for match in EXPORT_LIST.finditer(source):
        exported += _split_names(match["names"])
    body = STATIC_IMPORT.sub(
        lambda match: _from_modules(name, match), EXPORT_LIST.sub("", EXPORT.sub("", source))
    )
    if unsupported := NOT_JOINED.search(body):
        raise RuntimeError(f"{name} cannot be joined into one script: {unsupported[0]}")
    return f'modules["{name}"] = (() => {{\n"use strict";\n{body}return {{ {", ".join(exported)} }};\n}})();'


def _from_modules(name: str, match: re.Match[str]) -> str:
    names = ", ".join(part.replace(" as ", ": ") for part in _split_names(match["names"]))
    return f'const {{ {names} }} = modules["{_resolve(name, match["path"])}"];\n'


def _split_names(names: str | None) -> list[str]:
    return [part.strip() for part in (names or "").split(",") if part.strip()]
