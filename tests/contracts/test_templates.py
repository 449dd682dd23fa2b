"""No template holds a script, a style or a handler: the policy of the answers refuses them."""

import re
from pathlib import Path

import pytest

TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "templates").rglob("*.html"))
FORBIDDEN = {
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "a style in the page": re.compile(r"<style\b|\sstyle\s*=", re.I),
    "a handler in the page": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "a script as an address": re.compile(r"javascript:", re.I),
    "something from elsewhere": re.compile(
        r"\b(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", re.I
    ),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape\s+false", re.I),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_holds_no_script_style_or_handler(path):
    text = path.read_text("utf-8")
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>go()</script>",
        '<p style="color:red">',
        '<button onclick="go()">',
        '<img src="//elsewhere/x.png">',
        "{{ name|safe }}",
    ],
)
def test_a_forbidden_part_is_found(text):
    assert any(pattern.search(text) for pattern in FORBIDDEN.values())
