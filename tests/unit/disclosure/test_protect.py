"""What each audience sees of a small region: terms, linked measures, files side by side, earlier files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacific_parcels.disclosure import audiences_of, circle_of, indicators_for, protect, viewer_of
from tests.unit.disclosure.small_region import Region

FIVE = ("FJ", "NC", "TO", "VU", "WS")
CHANNELS = ("POST", "SEA", "AIR", "EXPRESS")


def region(public: str = "totals", peers: str | None = None) -> Region:
    """Five members, each with 40 items in each of four channels; FJ has 3 in AIR."""
    made = Region(public=dict.fromkeys(FIVE, public), peers=dict.fromkeys(FIVE, peers or public))
    for member in FIVE:
        for channel in CHANNELS:
            made.put(member, 40, channel)
    made.put("FJ", 3, "AIR")
    return made


class TestAudiences:
    def test_there_is_one_for_each_member(self) -> None:
        assert audiences_of(["WS", "FJ"]) == ("secretariat", "public", "member_fj", "member_ws")
        assert [viewer_of(audience) for audience in audiences_of(["FJ"])] == [None, None, "FJ"]
        assert [circle_of(audience) for audience in ("public", "member_fj")] == ["public", "peers"]

    def test_the_secretariat_sees_every_figure(self) -> None:
        shown = region("none").published("secretariat")

        assert shown.of("FJ", "AIR") == 3
        assert {status for _, status in shown.figures.values()} == {"F"}

    def test_a_member_sees_its_own_figures_in_full(self) -> None:
        shown = region().published("member_fj")

        assert [shown.of("FJ", channel) for channel in CHANNELS] == [40, 40, 3, 40]
        assert shown.of("NC", "AIR") is None
        assert shown.of("NC") == 160

    @pytest.mark.parametrize(
        ("terms", "total", "detail"), [("none", None, None), ("totals", 160, None), ("detail", 160, 40)]
    )
    def test_of_others_one_sees_what_they_share(
        self, terms: str, total: int | None, detail: int | None
    ) -> None:
        shown = region(terms).published("public")

        assert (shown.of("WS"), shown.of("WS", "POST")) == (total, detail)

    def test_peers_may_see_more_than_the_public(self) -> None:
        made = region("totals", "detail")

        assert made.published("public").of("WS", "POST") is None
        assert made.published("member_fj").of("WS", "POST") == 40

    def test_what_peers_may_not_see_the_public_file_does_not_show_them(self) -> None:
        made = region("totals", "detail")
        peers, public = made.published("member_fj"), made.published("public")

        hidden = {key for key, (_, status) in peers.figures.items() if status == "C"}
        assert hidden
        assert not [key for key in hidden if public.figures.get(key, (None, "C"))[1] == "F"]

    def test_two_members_learn_nothing_from_each_other_s_files(self) -> None:
        """Coalition of two: what is hidden in one file is hidden in the other, but for their own figures."""
        made = region("detail")
        fj, nc = made.published("member_fj"), made.published("member_nc")

        def hidden(figures: dict[tuple[str, ...], tuple[float | None, str]]) -> set[tuple[str, ...]]:
            return {
                key for key, (_, status) in figures.items() if status == "C" and key[1] not in ("FJ", "NC")
            }

        assert hidden(fj.figures)
        assert hidden(fj.figures) == hidden(nc.figures)

    def test_a_member_that_shares_nothing_cannot_be_worked_out_from_the_region(self) -> None:
        made = region()
        made.public["WS"] = made.peers["WS"] = "none"

        shown = made.published("public")

        assert shown.of("WS") is None
        # The region less the four others is WS: one of them goes.
        assert "C" in [shown.of(), *(shown.of(member) for member in FIVE[:4])]


class TestLinkedFigures:
    def test_with_the_items_goes_every_figure_of_the_cell_and_every_interval(self) -> None:
        made = region("detail")
        made.figures[("MEAN_VALUE_USD", "FJ", "AIR", "_T", "_T", "_T", "2026-03")] = (10.0, 30, 1)
        for member in ("FJ", "NC", "_T"):
            made.figures[("MEAN_VALUE_USD", member, "_T", "_T", "_T", "_T", "2026-03")] = (10.0, 120, 5)

        with made.connected() as connection:
            protect(connection, {})
            rows = connection.execute(
                f"select indicator_code, obs_value, coverage_pct, revision_lower, revision_upper "
                f"from ({indicators_for('public')}) where member_code = 'FJ' and channel_code = 'AIR' "
                "and value_band_code = '_T'"
            ).fetchall()

        assert sorted(rows) == [
            ("DECLARED_VALUE_USD", None, None, None, None),
            ("ITEMS", None, None, None, None),
            ("MEAN_VALUE_USD", None, None, None, None),
        ]
        assert made.published().of("FJ", code="MEAN_VALUE_USD") == 10

    def test_a_hidden_count_is_hidden_from_growth_index_and_rolling_sums(self) -> None:
        made = Region(public=dict.fromkeys(FIVE, "totals"))
        months = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]
        for member in FIVE:
            for month in months:
                made.put(member, 40, month=month)
        made.put("FJ", 3, month="2025-05")
        for code in ("ITEMS_INDEX", "ITEMS_GROWTH_YOY_PCT", "ITEMS_ROLLING_12M"):
            for month in months:
                made.figures[(code, "FJ", "_T", "_T", "_T", "_T", month)] = (100.0, 40, 1)

        shown = made.published()

        def months_hidden(code: str) -> set[str]:
            return {month for month in months if shown.of("FJ", period=month, code=code) == "C"}

        items = months_hidden("ITEMS")
        assert "2025-05" in items
        assert len(items) >= 2
        assert months_hidden("ITEMS_INDEX") >= items
        assert months_hidden("ITEMS_GROWTH_YOY_PCT") == items | {
            f"2026{month[4:]}" for month in items if month < "2026"
        }
        assert months_hidden("ITEMS_ROLLING_12M") >= {f"2025-{n:02d}" for n in range(5, 13)} | {"2026-04"}

    def test_the_share_up_to_100_dollars_does_not_tell_a_hidden_band(self) -> None:
        """Hidden are the 3 items of FJ up to 25 dollars; the next smallest band lies above 100 dollars."""
        made = Region(public=dict.fromkeys(FIVE, "detail"))
        bands = {"LE25": 3, "GT25_LE50": 50, "GT50_LE100": 60, "GT100_LE250": 10, "GT250_LE500": 70}
        for member in FIVE:
            for band, count in bands.items():
                made.put(member, count if member == "FJ" or count > 3 else 40, band=band)
        made.figures[("SHARE_LE_100_USD_PCT", "FJ", "_T", "_T", "_T", "_T", "2026-03")] = (58.5, 80, 1)

        shown = made.published()

        assert shown.of("FJ", band="LE25") == "C"
        below = [shown.of("FJ", band=band) for band in ("GT25_LE50", "GT50_LE100")]
        assert shown.of("FJ", code="SHARE_LE_100_USD_PCT") == "C" or "C" in below

    def test_the_largest_figure_of_the_region_is_not_that_of_a_member_that_shares_nothing(self) -> None:
        made = region()
        made.public["WS"] = made.peers["WS"] = "none"
        for member, most in (("FJ", 20.0), ("NC", 21.0), ("WS", 30.0)):
            made.figures[("BUSIEST_DAY_ITEMS", member, "_T", "_T", "_T", "_T", "2026-03")] = (most, 30, 1)
        made.figures[("BUSIEST_DAY_ITEMS", "_T", "_T", "_T", "_T", "_T", "2026-03")] = (30.0, 30, 5)

        assert made.published().of(code="BUSIEST_DAY_ITEMS") == "C"

    def test_a_figure_that_rests_on_no_items_stays(self) -> None:
        made = region()
        made.figures[("COVERAGE_MEMBERS_PCT", "_T", "_T", "_T", "_T", "_T", "2026-03")] = (50.0, None, 2)

        assert made.published().of(code="COVERAGE_MEMBERS_PCT") == 50

    def test_the_first_figure_of_an_index_stays_too(self) -> None:
        """It is 100 by definition, of no items; the next one stands on those of two months."""
        made = region()
        for member in FIVE:
            for channel in CHANNELS:
                made.put(member, 40, channel, month="2026-04")
        made.figures[("ITEMS_INDEX", "_T", "_T", "_T", "_T", "_T", "2026-03")] = (100.0, None, None)
        made.figures[("ITEMS_INDEX", "_T", "_T", "_T", "_T", "_T", "2026-04")] = (104.5, 800, 5)

        shown = made.published()

        assert shown.of(period="2026-03", code="ITEMS_INDEX") == 100
        assert shown.of(period="2026-04", code="ITEMS_INDEX") == 104.5


def test_figures_whose_sum_one_member_dominates_do_not_protect_each_other() -> None:
    """AIR and SEA are FJ's to more than nine tenths, and so is their sum, which all other channels leave.

    AIR has 324 items, of which FJ has 300, and SEA 428, of which it has 400. Who takes these for granted
    has AIR between 300 and 324 + 428 - 400 = 352: 52 wide, where 0.3 times 324 = 97 are asked for.
    """
    made = Region(public=dict.fromkeys(FIVE, "totals"))
    for member in FIVE:
        for channel, count in zip(CHANNELS, (40, 7, 6, 41), strict=True):
            made.put(member, count, channel)
    made.put("FJ", 300, "AIR")
    made.put("FJ", 400, "SEA")

    shown = made.published()

    assert [shown.of(channel=channel) for channel in ("AIR", "SEA")] == ["C", "C"]
    assert "C" in [shown.of(channel=channel) for channel in ("POST", "EXPRESS")]
    assert shown.of() == 1157


class TestEarlierPublications:
    def test_what_was_open_hides_nothing_now(self, tmp_path: Path) -> None:
        """In March EXPRESS was open; now AIR is to be hidden and EXPRESS, the cheapest cover, is known."""
        earlier = region("detail")
        for member in FIVE:
            for channel, count in zip(CHANNELS, (60, 50, 30, 20), strict=True):
                earlier.put(member, count, channel)
        file = earlier.write(tmp_path / "earlier.duckdb")
        now = earlier
        now.put("FJ", 2, "AIR")
        now.put("FJ", 49, "SEA")

        shown = now.published(previous={"public": file})

        assert shown.of("FJ", "AIR") == "C"
        assert shown.of("FJ", "EXPRESS") == 20
        assert now.published().of("FJ", "EXPRESS") == "C"

    def test_the_pattern_stays_while_nothing_changes(self, tmp_path: Path) -> None:
        made = region("detail")
        file = made.write(tmp_path / "earlier.duckdb")

        assert made.published(previous={"public": file}).figures == made.published().figures

    def test_a_figure_that_becomes_confidential_after_it_was_open_is_counted_as_known(
        self, tmp_path: Path
    ) -> None:
        made = region("detail")
        made.put("FJ", 10, "AIR")
        file = made.write(tmp_path / "earlier.duckdb")
        made.minimums = {"FJ": 20}

        shown = made.published(previous={"public": file})

        assert shown.of("FJ", "AIR") == "C"
        # cells, primary, complementary, withheld, known, value lost
        assert int(str(shown.summary["VOLUME"][4])) >= 1
        assert made.published().summary["VOLUME"][4] == 0

    @pytest.mark.parametrize(("rate", "known"), [(20.0, 1), (30.0, 0)])
    def test_a_share_that_becomes_confidential_is_known_while_it_is_the_same(
        self, tmp_path: Path, rate: float, known: int
    ) -> None:
        """Of 10 items 2 were inspected, as was said. Where 3 are now, nobody has been told of them."""
        made = region("detail")
        made.put("FJ", 10, "AIR")
        for channel in CHANNELS:  # but for the others, the dimension would be kept back for the year
            made.figures[("INSPECTION_RATE_PCT", "FJ", channel, "_T", "_T", "_T", "2026-03")] = (20.0, 100, 1)
        share = ("INSPECTION_RATE_PCT", "FJ", "AIR", "_T", "_T", "_T", "2026-03")
        made.figures[share] = (20.0, 10, 1)
        file = made.write(tmp_path / "earlier.duckdb")
        made.minimums = {"FJ": 20}
        made.figures[share] = (rate, 10, 1)

        shown = made.published(previous={"public": file})

        assert shown.of("FJ", "AIR", code="INSPECTION_RATE_PCT") == "C"
        assert shown.summary["TREATMENT"][4] == known


def test_what_was_lost_is_told() -> None:
    """FJ's 3 items in AIR are hidden, and to protect them others."""
    made = region("detail")
    shown = made.published()

    cells, primary, complementary, withheld, known, lost = shown.summary["VOLUME"]
    hidden = [key for key, (_, status) in shown.figures.items() if status == "C" and key[0] == "ITEMS"]
    assert (withheld, known) == (0, 0)
    assert primary == 2  # AIR, and AIR by its one value band
    assert int(str(primary)) + int(str(complementary)) == len(hidden)
    assert cells == len([key for key in shown.figures if key[0] == "ITEMS"])
    assert 0 < float(str(lost)) < 50
