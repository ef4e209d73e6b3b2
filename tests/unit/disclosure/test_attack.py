"""What is hidden, attacked by the audit that knows nothing of how: the known holes, and every mutation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.auditing import Audit, audit
from pacific_parcels.disclosure import indicators_for, protect
from pacific_parcels.policy import viewer_of
from tests.unit.disclosure.small_region import Key, Region

FIVE = ("FJ", "NC", "TO", "VU", "WS")
CHANNELS = ("POST", "SEA", "AIR", "EXPRESS")


class Publication:
    """A small region as it would be published, with its snapshot."""

    def __init__(self, region: Region, folder: Path, audiences: Iterable[str] = ("public",)) -> None:
        self.snapshot = folder / "snapshot.duckdb"
        self.files = {audience: folder / f"{audience}.duckdb" for audience in audiences}
        with region.connected() as connection:
            connection.execute(f"attach '{self.snapshot}' as s")
            connection.execute("copy from database w to s")
            connection.execute("detach s")
            protect(connection, {})
            for audience, path in self.files.items():
                connection.execute(f"attach '{path}' as f")
                connection.execute(f"create table f.indicators as {indicators_for(audience)}")
                connection.execute("detach f")

    def hidden(self, audience: str = "public", code: str = "ITEMS") -> list[Key]:
        with duckdb.connect(str(self.files[audience])) as connection:
            return connection.execute(
                "select member_code, channel_code, value_band_code, counterpart_code, frequency, time_period "
                "from indicators where conf_status = 'C' and indicator_code = ? order by all",
                [code],
            ).fetchall()

    def show(self, key: Key, *, is_open: bool, code: str = "ITEMS") -> None:
        """Undo the suppression of one cell in every file that is not its member's own, or do it again."""
        for audience, path in self.files.items():
            if viewer_of(audience) == key[0]:
                continue
            with duckdb.connect(str(path)) as connection:
                connection.execute(f"attach '{self.snapshot}' as s (read_only)")
                connection.execute(
                    f"""
                    update indicators
                    set obs_value = {"t.obs_value" if is_open else "null"},
                        conf_status = '{"F" if is_open else "C"}'
                    from s.mart_indicators t
                    where t.indicator_code = $1 and indicators.indicator_code = $1
                        and (t.member_code, t.channel_code, t.value_band_code, t.counterpart_code,
                            t.frequency, t.time_period) = ($2, $3, $4, $5, $6, $7)
                        and (indicators.member_code, indicators.channel_code, indicators.value_band_code,
                            indicators.counterpart_code, indicators.frequency, indicators.time_period)
                            = ($2, $3, $4, $5, $6, $7)
                    """,
                    [code, *key],
                )

    def attacked(self) -> list[Audit]:
        return audit(self.files, self.snapshot)


def region(months: Iterable[str] = ("2026-03",)) -> Region:
    """Five members that share all, each with 40 items in each of four channels; FJ has 3 in AIR in March."""
    made = Region(public=dict.fromkeys(FIVE, "detail"))
    for month in months:
        for member in FIVE:
            for channel in CHANNELS:
                made.put(member, 40, channel, month=month)
    made.put("FJ", 3, "AIR")
    return made


def test_without_protection_the_attack_works_the_hidden_figure_out(tmp_path: Path) -> None:
    """Primary suppression alone: of FJ 3 in AIR, by its one band and in all, is what the totals leave."""
    published = Publication(region(), tmp_path)
    for key in published.hidden():
        if not (key[0] == "FJ" and key[1] == "AIR"):
            published.show(key, is_open=True)
    (found,) = published.attacked()
    assert {finding.value for finding in found.findings if finding.figure.startswith("ITEMS FJ")} == {3.0}
    assert found.narrowest == 0


def test_with_protection_it_does_not_for_any_audience(tmp_path: Path) -> None:
    audiences = ("public", *(f"member_{member.lower()}" for member in FIVE))
    found = Publication(region(), tmp_path, audiences).attacked()
    assert [one.audience for one in found] == [*sorted(audiences[1:]), "public"]
    assert all(one.is_passed and one.narrowest >= 1 - 1e-3 for one in found)
    # Its own 3 are no secret to FJ.
    by_audience = {one.audience: one.figures for one in found}
    assert by_audience["member_fj"] < by_audience["public"]


def test_every_suppression_that_protects_another_is_missed_when_it_is_taken_away(tmp_path: Path) -> None:
    published = Publication(region(), tmp_path, ("public", *(f"member_{member.lower()}" for member in FIVE)))
    hidden = published.hidden()
    assert len(hidden) > 2
    unnoticed = []
    for key in hidden:
        published.show(key, is_open=True)
        if all(one.is_passed for one in published.attacked()):
            unnoticed.append(key)
        published.show(key, is_open=False)
    assert unnoticed == [], f"{len(unnoticed)} of {len(hidden)} were hidden for nothing"


@pytest.mark.parametrize("frequency", ["Q", "A"])
def test_periods_are_protected_together(tmp_path: Path, frequency: str) -> None:
    """A quarter or year by itself is large enough to be shown, and would tell the one month that is not."""
    months = [f"2026-{month:02d}" for month in range(1, 13 if frequency == "A" else 4)]
    published = Publication(region(months), tmp_path)
    (found,) = published.attacked()
    assert found.is_passed
    long = [key for key in published.hidden() if key[4] == frequency and key[0] == "FJ"]
    march = [key for key in published.hidden() if key[4] == "M" and key[0] == "FJ" and key[1] == "AIR"]
    # Either the longer period is hidden too, or another month of the channel.
    assert long or len({key[5] for key in march}) > 1


def test_a_share_of_many_items_is_not_the_last_one_unknown_of_a_region(tmp_path: Path) -> None:
    """Six decimals do not say to the item how many 99.7 % of a region are; its readers have the items.

    All items, and those that were not inspected. Of the region 426,337 and 1,162: the share is 99.727446 %,
    by which the others would be 1,162 x 99.727446 / 0.272554 = 425,175.5. Its members have 425,175.
    """
    counts = {
        "AU": (182_310, 504),
        "FJ": (54_913, 125),
        "KI": (4_870, 23),
        "NZ": (126_484, 338),
        "PG": (50_076, 153),
        "PW": (5_869, 16),
        "TV": (1_815, 3),  # too few to be told of
    }
    made = Region(public=dict.fromkeys(counts, "detail"))
    for member, (items, _) in counts.items():
        made.put(member, items)
    region = tuple(map(sum, zip(*counts.values(), strict=True)))
    assert region == (426_337, 1_162)
    for member, (items, others) in (*counts.items(), ("_T", region)):
        share = round(100 * (items - others) / items, 6)
        members = len(counts) if member == "_T" else 1
        key = ("INSPECTION_RATE_PCT", member, *["_T"] * 4, "2026-03")
        made.figures[key], made.counted[key] = (share, others, members), items - others
    publication = Publication(made, tmp_path)

    hidden = {member for member, *_ in publication.hidden(code="INSPECTION_RATE_PCT")}

    # With one other hidden it does not follow for anybody but that other: with the two smallest it does not.
    assert hidden == {"TV", "KI", "PW"}
    (found,) = publication.attacked()
    assert found.is_passed, found.findings
