"""The lenient variant of a schema: it reads the same body without errors and leaves blank what cannot be read."""

from typing import Any, TypeAlias, cast

from pydantic_core import CoreSchema, core_schema

Node: TypeAlias = Any
"""A part of a core schema: a dictionary with its `type`."""
OBJECTS = frozenset({"model", "dataclass"})
BLANK = {"literal": "", "str": "", "int": 0, "bool": False, "list": ()}
"""The blank value by type of a required field; a type of our own carries its `blank` in its metadata."""


def lenient_schema(schema: CoreSchema) -> CoreSchema:
    """Return the schema in which a field that cannot be read gets its blank value; unknown fields are ignored."""
    return cast(CoreSchema, _lenient(schema))


def _lenient(node: Node) -> Node:
    kind = node["type"]
    if kind in READERS:
        return READERS[kind](node)
    inner = node.get("schema")
    if inner is None or not _has_parts(inner):
        return node
    # A function around parts checks them as a whole; here each part is judged alone. A null becomes the default.
    return _lenient(inner)


def _has_parts(node: Node) -> bool:
    inner = node.get("schema")
    return node["type"] in READERS or (inner is not None and _has_parts(inner))


def _lenient_model(node: Node) -> Node:
    # Built from its fields: a model's schema would use the strict validator of its class.
    construct, read_fields = node["cls"].model_construct, _lenient(node["schema"])
    return core_schema.no_info_after_validator_function(
        lambda result: construct(**result[0]), read_fields
    )


def _lenient_dataclass(node: Node) -> Node:
    config = {**node.get("config", {}), "extra_fields_behavior": "ignore"}
    return {**node, "schema": _lenient(node["schema"]), "config": config}


def _lenient_fields(node: Node) -> Node:
    fields = node["fields"]
    if isinstance(fields, dict):
        lenient: Any = {name: _lenient_field(field) for name, field in fields.items()}
    else:
        lenient = [_lenient_field(field) for field in fields]
    return {**node, "fields": lenient, "extra_behavior": "ignore"}


def _lenient_field(field: Node) -> Node:
    schema = _lenient(field["schema"]["schema"] if _is_optional(field) else field["schema"])
    blank = _blank_value(field["schema"])
    return {
        **field,
        "schema": core_schema.with_default_schema(schema, default=blank, on_error="default"),
    }


def _is_optional(field: Node) -> bool:
    return bool(field["schema"]["type"] == "default")


def _blank_value(node: Node) -> Any:
    """Return the value of a field that cannot be read: its default, else the blank value of its type."""
    if node["type"] == "default":
        return node["default"]
    blank = node.get("metadata", {}).get("blank", BLANK.get(node["type"]))
    inner = node.get("schema")
    return blank if blank is not None or inner is None else _blank_value(inner)


def _lenient_list(node: Node) -> Node:
    """Return the schema of a list whose objects are lenient, or whose other items are those that can be read, once."""
    items = node["items_schema"]
    if items["type"] in OBJECTS:
        objects = {**node, "items_schema": _lenient(items)}
        return core_schema.no_info_after_validator_function(tuple, objects)
    readable = {**node, "items_schema": core_schema.with_default_schema(items, on_error="omit")}
    return core_schema.no_info_after_validator_function(_distinct, readable)


def _distinct(items: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))


READERS = {
    "model": _lenient_model,
    "dataclass": _lenient_dataclass,
    "model-fields": _lenient_fields,
    "dataclass-args": _lenient_fields,
    "list": _lenient_list,
}
