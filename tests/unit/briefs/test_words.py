"""The words of the briefs: both languages, the same gaps to fill, every one used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacific_parcels import briefs
from pacific_parcels.briefs.words import NARROW_SPACE, Say, words

SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted(Path(briefs.__file__).parent.glob("*.py"))
)


def test_every_key_has_both_languages_with_the_same_gaps() -> None:
    assert len(words()) > 100
    for key, text in words().items():
        assert set(text) == {"en", "fr"}, key
        gaps = {language: sorted(re.findall(r"\{(\w+)\}", text[language])) for language in ("en", "fr")}
        assert gaps["en"] == gaps["fr"], key


def test_every_key_is_used_and_every_used_one_is_there() -> None:
    """Keys stand in the code as they are, or end in what is put in at a place in braces."""
    quoted = set(re.findall(r"""["']([a-z_]+(?:\.\w+)?)["']""", SOURCES))
    families = set(re.findall(r"""f["']([a-z_]+)\.\{""", SOURCES))
    members_of = {"channels": ("plain", "title", "what"), "origins": ("plain", "title", "what")}
    by_kind = {f"{family}.{member}" for family, members in members_of.items() for member in members}

    def is_used(key: str) -> bool:
        return key in quoted or key in by_kind or key.split(".")[0] in families

    unused = [key for key in words() if not is_used(key)]
    asked = set(re.findall(r"""say\(\s*["']([a-z_]+(?:\.\w+)?)["']""", SOURCES))
    assert len(asked) > 40
    assert unused == []
    assert asked - words().keys() == set()


@pytest.mark.parametrize(
    ("value", "decimals", "english", "french"),
    [
        (1234567, 0, "1,234,567", f"1{NARROW_SPACE}234{NARROW_SPACE}567"),
        (-1.25, 1, "−1.2", "−1,2"),
        (-0.04, 1, "0.0", "0,0"),
    ],
)
def test_numbers(value: float, decimals: int, english: str, french: str) -> None:
    assert Say("en").number(value, decimals) == english
    assert Say("fr").number(value, decimals) == french


def test_signs_percent_and_money() -> None:
    assert Say("en").percent(12.34, signed=True) == "+12.3%"
    assert Say("en").percent(0.01, signed=True) == "0.0%"
    assert Say("fr").percent(123.4) == f"123{NARROW_SPACE}%"
    assert Say("en").usd(999_400) == "US$999,400"
    assert Say("en").usd(1_234_567) == "US$1.23m"
    assert Say("fr").usd(98_765_432) == "98,8\u00a0M$\u00a0US"
    assert Say("fr").counted(1.5, "points") == "1,5\u00a0point"
    assert Say("fr").counted(2, "days") == "2,0\u00a0jours"


def test_de_is_elided_before_a_month_that_begins_with_a_vowel() -> None:
    say = Say("fr")
    said = [
        say("months.what", first=say.month(f"2025-{m:02d}"), last=say.month("2026-01")) for m in (7, 8, 10)
    ]
    assert [text.split(", ")[1].split("\u00a0")[0] for text in said] == ["de juillet", "d’août", "d’octobre"]
