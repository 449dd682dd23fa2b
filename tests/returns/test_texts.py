"""What is read to people never changes, is short and in six languages; the documents say what each step takes."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from app.i18n.language import LOCALES
from app.returns.forms.fields import MultiChoiceField
from app.returns.forms.steps import STEP_FORMS
from app.returns.rules.request_state import CONSENT_DAYS
from app.returns.schemas.bodies import STEP_BODIES
from app.returns.vocabulary import texts

TABLE = Path(__file__).parents[2] / "docs" / "domain" / "returns.md"
PINNED = {"2026-1": "03a9475f2c8d91605ab15d3be448e10983e220d582bde1ffc6aea74afa19460a"}
"""SHA-256 of every version there has been: what was read to somebody must stay readable as it was."""
A_MINUTE_ALOUD = 150


def test_a_version_that_was_read_never_changes():
    digests = {
        version: sha256((texts.TEXTS / f"{version}.toml").read_bytes()).hexdigest()
        for version in texts.versions()
    }
    assert digests == PINNED


def test_every_text_is_written_in_six_languages_with_as_many_paragraphs():
    for version in texts.versions():
        for part in texts.TEXT_PARTS:
            translations = {locale: texts.text(version, part, locale) for locale in LOCALES}
            assert {each.locale for each in translations.values()} == set(LOCALES), (version, part)
            assert len({len(each.paragraphs) for each in translations.values()}) == 1, (
                version,
                part,
            )


@pytest.mark.parametrize("locale", LOCALES)
def test_each_text_is_read_aloud_within_a_minute(locale: str):
    for part in texts.TEXT_PARTS:
        words = " ".join(texts.text(texts.current(), part, locale).paragraphs).split()
        assert len(words) <= A_MINUTE_ALOUD, (part, len(words))


def test_the_consent_says_for_how_long_it_is_valid():
    for locale in LOCALES:
        text = " ".join(texts.text(texts.current(), "consent", locale).paragraphs)
        assert str(CONSENT_DAYS) in text, locale


def test_the_document_names_every_field_and_code_of_every_step():
    rows = {
        name: line
        for line in TABLE.read_text("utf-8").splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    everything = set(re.findall(r"\w+", " ".join(rows.values())))
    for stage, form in STEP_FORMS.items():
        assert set(re.findall(r"\w+", rows[stage])) >= {each.name for each in form.fields}, stage
        for field in (each for each in form.fields if each.name != "reason"):
            codes = (
                field.terms.codes
                if isinstance(field, MultiChoiceField)
                else getattr(field, "codes", ())
            )
            assert everything >= set(codes), (stage, field.name)


def test_the_page_of_every_step_has_the_fields_of_its_body():
    assert list(STEP_FORMS) == list(STEP_BODIES)
    for action, body in STEP_BODIES.items():
        on_page = [field.name for field in STEP_FORMS[action].fields]
        assert ["version", *on_page] == list(body.model_fields), action
