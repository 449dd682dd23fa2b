"""The OpenAPI document as a page to read, `docs/api.md`."""

import json
from collections.abc import Iterator
from typing import Any

from app.json_object import JsonObject

HEAD = """# API

Every address that programs may use, generated from the code that reads and answers (`make api`); the same as
[OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.0) at `/openapi.json`.

- Sign in: `GET /sync/token`, `POST /sign-in` with `X-CSRFToken`, then `GET /sync/token` again; keep the cookie and send
  the token as `X-CSRFToken` on every change.
- Send `Accept: application/json`: then no answer is a redirect or a page.
- A tablet needs no session: `Authorization: Device <credential>`.
"""


def markdown(document: JsonObject) -> str:
    """Return the page: each address with who may use it, its parameters, its body and its answers; then all bodies."""
    lines = [HEAD]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            lines += _operation(f"{method.upper()} {path}", operation)
    lines += ["## Bodies", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += _schema(name, schema)
    return "\n".join(lines).rstrip() + "\n"


def _operation(address: str, operation: JsonObject) -> Iterator[str]:
    yield from (f"## {address}", "", operation["summary"], "", operation["description"], "")
    for parameter in operation["parameters"]:
        text = parameter.get("description") or _type(parameter["schema"])
        yield f"- `{parameter['name']}` ({parameter['in']}): {text}"
    if operation["parameters"]:
        yield ""
    if "requestBody" in operation:
        yield f"Body: {_content(operation['requestBody'])}"
        yield ""
    yield from ("| answer | body |", "|---|---|")
    for status, answer in operation["responses"].items():
        yield f"| {status} {answer['description']} | {_content(answer)} |"
    yield ""


def _content(holder: JsonObject) -> str:
    return (
        " or ".join(_type(media["schema"]) for media in holder.get("content", {}).values())
        or "none"
    )


def _schema(name: str, schema: JsonObject) -> Iterator[str]:
    yield from (f"### {name}", "")
    if schema.get("description"):
        yield from (" ".join(schema["description"].split()), "")
    if "properties" not in schema:
        yield from (_type(schema), "")
        return
    required = schema.get("required", [])
    yield from ("| field | required | values |", "|---|---|---|")
    for field, value in schema["properties"].items():
        meaning = " ".join(part for part in (_type(value), value.get("description", "")) if part)
        yield f"| `{field}` | {'yes' if field in required else _default(value)} | {meaning} |"
    yield ""


def _default(value: JsonObject) -> str:
    default = value.get("default")
    return "no" if default in (None, "", []) else f"no, `{json.dumps(default, ensure_ascii=False)}`"


def _type(schema: JsonObject) -> str:
    """Return the type of a value in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return _codes(schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return _plain_type(schema)


def _codes(codes: list[Any]) -> str:
    shown = [f"`{code}`" for code in codes if code not in (None, "")]
    return (
        ", ".join(shown)
        if len(shown) <= 24
        else f"{', '.join(shown[:6])} and {len(shown) - 6} more codes"
    )


def _plain_type(schema: JsonObject) -> str:
    text = str(schema.get("type", "any value"))
    if schema.get("additionalProperties"):
        text = f"object of {_type(schema['additionalProperties'])}"
    limits = [str(schema[name]) for name in ("minimum", "maximum") if name in schema]
    text += f" {'–'.join(limits)}" if len(limits) == 2 else ""
    return text + (f" ({schema['format']})" if "format" in schema else "")
