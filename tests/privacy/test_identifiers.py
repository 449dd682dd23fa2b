"""Text about work carries no number and no address that identifies a person."""

import pytest

from app.privacy.identifiers import find_identifier


@pytest.mark.parametrize(
    "text",
    [
        "0801-1990-12345",
        "8-888-88888",
        "+504 9912 3456",
        "tel. 99123456",
        "١٢٣٤٥٦",
        "９９１２３４",
        "12.34.56",
    ],
)
def test_six_digits_in_a_row_are_a_number(text: str) -> None:
    assert find_identifier(text) == "number"


@pytest.mark.parametrize("text", ["ana@example.org", "write to a.b@c.co now", "ａ＠ｂ.ｃｏ"])
def test_an_address_is_found(text: str) -> None:
    assert find_identifier(text) == "e_mail"


@pytest.mark.parametrize(
    "text", ["Ventanilla 3", "Municipality of Upala", "Phase VIII", "Km 12345", "24/7 @ desk"]
)
def test_words_about_work_pass(text: str) -> None:
    assert find_identifier(text) is None
