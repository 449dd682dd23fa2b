"""The code on a card: mistyped ones are found, sloppy ones are read, and nobody can guess one."""

import random
import secrets
from math import log2

from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.check_codes import ALPHABET
from app.people.rules.card_codes import (
    LENGTH,
    digest_card_code,
    find_reporting_year,
    format_card_code,
    generate_card_code,
    parse_card_code,
)

codes = st.builds(
    lambda year, seed: generate_card_code(year, random.Random(seed).randrange),
    st.integers(2000, 2100),
    st.integers(0, 2**64),
)
places = st.integers(0, LENGTH - 1)


@given(codes, places, st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(code, place, character):
    assume(code[place] != character)
    assert parse_card_code(code[:place] + character + code[place + 1 :]) is None


@given(codes, places, places)
def test_every_swap_of_two_different_characters_is_found(code, first, second):
    assume(code[first] != code[second])
    characters = list(code)
    characters[first], characters[second] = characters[second], characters[first]
    assert parse_card_code("".join(characters)) is None


def test_every_wrong_character_and_every_swap_of_some_codes_is_found():
    for _ in range(20):
        code = generate_card_code(2026, secrets.randbelow)
        for place in range(LENGTH):
            mistyped = [code[:place] + c + code[place + 1 :] for c in ALPHABET if c != code[place]]
            assert not any(map(parse_card_code, mistyped))
            for other in range(place):
                characters = list(code)
                characters[place], characters[other] = characters[other], characters[place]
                assert parse_card_code("".join(characters)) == (
                    code if characters == list(code) else None
                )


@given(codes, st.sampled_from(["-", " ", "\u2013", "\u00a0", "\t", "", " - "]), st.data())
def test_a_sloppily_typed_code_is_read(code, separator, data):
    typed = separator.join(
        data.draw(st.sampled_from([character, character.lower()])) for character in code
    )
    assert parse_card_code(f"  {typed}\n") == code
    assert parse_card_code(format_card_code(code)) == code


@given(codes)
def test_o_is_read_as_zero_and_i_and_l_as_one(code):
    for digit, lookalikes in (("0", "Oo"), ("1", "IiLl")):
        for lookalike in lookalikes:
            assert parse_card_code(code.replace(digit, lookalike)) == code


@given(codes)
def test_a_code_with_a_character_too_few_or_too_many_is_none(code):
    assert parse_card_code(code[:-1]) is None
    assert parse_card_code(code + "0") is None
    assert parse_card_code(f"0{code}") is None


@given(st.text())
@example("ß" * 15)
@example("U" * 15)
@example("\u0661" * 15)
@example("")
def test_no_text_at_all_raises(text):
    parsed = parse_card_code(text)
    assert parsed is None or (len(parsed) == LENGTH and set(parsed) <= set(ALPHABET))


@given(codes)
def test_only_characters_that_are_easy_to_type_are_printed(code):
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("ILOU*~$=")
    assert [len(part) for part in format_card_code(code).split("-")] == [5, 5, 5]


def test_a_code_holds_more_than_sixty_bits_of_chance():
    drawn = []

    def draw(below):
        drawn.append(below)
        return secrets.randbelow(below)

    generate_card_code(2026, draw)
    # A draw in 37 is repeated for each of the five check characters that are not printed.
    assert sum(map(log2, drawn[-13:])) + log2(32 / 37) > 64
    assert len({generate_card_code(2026, secrets.randbelow) for _ in range(2000)}) == 2000


@given(st.integers(2000, 2100), st.integers(0, 2**32), st.integers(-31, 0))
def test_the_year_of_a_code_is_known_among_years_less_than_32_apart(year, seed, first):
    code = generate_card_code(year, random.Random(seed).randrange)
    years = range(year + first, year + first + 32)
    assert find_reporting_year(code, years) == year
    assert find_reporting_year(code, [other for other in years if other != year]) is None
    assert find_reporting_year(code, []) is None


def test_the_digest_needs_the_key():
    code = generate_card_code(2026, secrets.randbelow)
    digest = digest_card_code(code, b"one key of the test")
    assert len(digest) == 64
    assert digest == digest_card_code(code, b"one key of the test")
    assert digest != digest_card_code(code, b"another key of the test")
    assert code not in digest
