"""Tables and legends: nothing that comes from data is markup, and nothing is said by colour alone."""

from __future__ import annotations

import pandas as pd

from dashboards import markup
from dashboards.charts import SHAPES, STAGE_LOOKS
from dashboards.markup import Column
from dashboards.words import Words

ENGLISH = Words("en")
STAGES = ("name", "member_code", "member_name", "stage_code")
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def test_what_comes_from_data_is_escaped_everywhere() -> None:
    frame = pd.DataFrame({"member_name": [HOSTILE], "reason": [HOSTILE]})
    columns = [Column("member_name", HOSTILE, "label"), Column("reason", "Reason", "text")]
    coverage = pd.DataFrame({"member_name": [HOSTILE], "time_period": ["2026-01"], "status": [HOSTILE]})
    series = pd.DataFrame(
        [("X", "2026-01", 1.0, HOSTILE, "F")],
        columns=["series_code", "time_period", "obs_value", "obs_status", "conf_status"],
    )
    written = [
        markup.table(frame, columns, HOSTILE, ENGLISH),
        markup.coverage_table(coverage, ["2026-01"], HOSTILE, ENGLISH),
        markup.series_table(series, {"X": HOSTILE}, "ITEMS", HOSTILE, ENGLISH),
        markup.series_legend({"X": HOSTILE, "Y": HOSTILE}),
        markup.part_legend({"X": STAGE_LOOKS["FULL"]}, {"X": HOSTILE}),
        markup.stage_table(pd.DataFrame({name: [HOSTILE] for name in STAGES}), HOSTILE, ENGLISH),
    ]
    assert len(written) == 6
    for html in written:
        assert "<img" not in html
        assert "&lt;img src=x onerror=alert(1)&gt;" in html
        assert f'"{HOSTILE}' not in html


def test_rows_and_columns_have_headers_and_the_table_a_name() -> None:
    frame = pd.DataFrame({"member_name": ["Fiji"], "rows": ["6,000"]})
    columns = [Column("member_name", "Member", "label"), Column("rows", "Rows in", "number")]
    html = markup.table(frame, columns, "Rows received", ENGLISH)
    assert '<th scope="row">Fiji</th><td class="pp-number">6,000</td>' in html
    assert '<th scope="col" class="pp-number">Rows in</th>' in html
    assert "<caption>Rows received</caption>" in html
    assert 'tabindex="0" role="region"' in html, "a scrolling table is reached by keyboard"


def test_coverage_marks_are_read_out() -> None:
    coverage = pd.DataFrame(
        {"member_name": ["Tonga"] * 2, "time_period": ["2026-02", "2026-03"], "status": ["MISSING", "HELD"]}
    )
    html = markup.coverage_table(coverage, ["2026-02", "2026-03"], "Coverage", ENGLISH)
    assert '<span aria-hidden="true">✕</span><span class="pp-sr">Missing</span>' in html
    assert '<span aria-hidden="true">◐</span><span class="pp-sr">Held by the checks</span>' in html


def test_a_month_before_a_member_is_in_the_file_is_an_empty_cell() -> None:
    coverage = pd.DataFrame(
        {"member_name": ["Fiji", "Tonga"], "time_period": ["2026-01", "2026-02"], "status": ["REPORTED"] * 2}
    )
    html = markup.coverage_table(coverage, ["2026-01", "2026-02"], "Coverage", ENGLISH)
    assert html.count('<td class="pp-mark"></td>') == 2


def test_the_table_twin_says_in_words_what_the_chart_marks() -> None:
    columns = ["series_code", "time_period", "obs_value", "obs_status", "conf_status"]
    rows = [
        ("TO", "2026-01", 185.0, "P", "F"),
        ("TO", "2026-02", None, "M", "F"),
        ("TO", "2026-03", None, "A", "C"),
    ]
    html = markup.series_table(
        pd.DataFrame(rows, columns=columns), {"TO": "Tonga"}, "ITEMS", "Parcels", ENGLISH
    )
    assert html.index("March 2026") < html.index("January 2026"), "newest first"
    assert '185 <span class="pp-tag">provisional</span>' in html
    assert ">missing or withheld</span>" in html
    assert ">confidential</span>" in html


def test_the_legend_has_one_shape_per_series_and_none_for_a_single_one() -> None:
    assert markup.series_legend({"FJ": "Fiji"}) == ""
    html = markup.series_legend({"FJ": "Fiji", "TO": "Tonga"})
    assert "●</span> Fiji" in html
    assert "■</span> Tonga" in html
    assert len(markup.SERIES_MARKS) == len(SHAPES)


def test_stages_are_signs_that_are_read_out_and_a_cell_of_nothing_is_empty() -> None:
    rows = [("S01", "FJ", "Fiji", "FULL"), ("S01", "TO", "Tonga", "PILOT"), ("S02", "TO", "Tonga", "NONE")]
    html = markup.stage_table(pd.DataFrame(rows, columns=list(STAGES)), "Stages", Words("fr"))
    assert '<span aria-hidden="true">●</span><span class="pp-sr">Pleinement mise en œuvre</span>' in html
    assert '<abbr title="Tonga">TO</abbr>' in html
    assert '<th scope="row" class="pp-long">S02</th><td class="pp-mark"></td><td class="pp-mark"><' in html


def test_quarters_head_their_rows() -> None:
    columns = ["series_code", "time_period", "obs_value", "obs_status", "conf_status"]
    quarters = pd.DataFrame([("_T", "2026-Q1", 45.454, "A", "F")], columns=columns)
    html = markup.series_table(quarters, {"_T": "Région"}, "RATE_PCT", "Taux", Words("fr"))
    assert '<th scope="col">Trimestre</th>' in html
    assert '<th scope="row">T1\u00a02026</th><td class="pp-number">45,5\u202f%</td>' in html


def test_of_many_members_those_with_most_rows_are_named_and_the_others_counted() -> None:
    names = ["Fiji", "Tonga", "Samoa", "Niue", "Palau"]
    columns = ["rule_id", "level", "title", "remedy", "row_count", "extract_count"]
    frame = pd.DataFrame([["R007", "ERROR", "Unknown", "Mend it", 95, 3]] * 2, columns=columns)
    frame["members"] = [names, names[:4]]
    html = markup.rejection_table(frame, "Rejected", ENGLISH)
    assert '<td class="pp-names">Fiji, Tonga, Samoa and 2 more</td>' in html
    assert '<td class="pp-names">Fiji, Tonga, Samoa, Niue</td>' in html
    assert "Fiji, Tonga, Samoa et 2 autres</td>" in markup.rejection_table(frame, "Rejets", Words("fr"))


def test_an_event_has_its_month_before_it_as_the_language_writes_it() -> None:
    events = pd.DataFrame(
        [("2020-03", "Mail suspended & resumed", "It happened.", "A source")],
        columns=["time_period", "title", "text", "source"],
    )
    resumed = "Mail suspended &amp; resumed.</strong>"
    assert f"<strong>March 2020: {resumed} It happened." in markup.event_list(events, ENGLISH)
    assert f"<strong>Mars 2020\u00a0: {resumed}" in markup.event_list(events, Words("fr"))
