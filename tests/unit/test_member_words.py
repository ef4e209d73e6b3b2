"""A member file is told in sentences, in English and in French."""

from __future__ import annotations

from datetime import date

from pacific_parcels.member_words import in_sentences
from pacific_parcels.members import Capacity
from tests.small_member import small_member

STATED = (
    Capacity(port="FJSUV", items_per_day=1200, source="a letter"),
    Capacity(
        office="SUVA", valid_from=date(2025, 7, 1), items_per_day=90, source="a letter", note="In two shifts."
    ),
)


def test_a_stated_capacity_is_told_with_its_place_its_dates_and_its_source() -> None:
    member = small_member().model_copy(update={"capacity": STATED})

    english, french = in_sentences(member, "en"), in_sentences(member, "fr")

    place = english.index("Capacity, as stated:")
    assert english[place + 1 : place + 3] == [
        "  port FJSUV: 1,200 items a day, from before the series (a letter).",
        "  office SUVA: 90 items a day, from 2025-07-01 (a letter). In two shifts.",
    ]
    place = french.index("Capacité déclarée :")
    assert french[place + 1 : place + 3] == [
        "  lieu d’arrivée FJSUV : 1\u202f200 envois par jour, dès avant la série (a letter).",
        "  bureau SUVA : 90 envois par jour, à partir du 2025-07-01 (a letter). In two shifts.",
    ]


def test_a_member_that_states_no_capacity_is_told_without_one() -> None:
    assert not any("Capacity" in line for line in in_sentences(small_member(), "en"))
