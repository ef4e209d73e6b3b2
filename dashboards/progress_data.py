"""What a published file says of progress: stages, counts, rates, commitments, actions, projects, trainings.

Who is named, and which counts are withheld, was decided when the file was made: nothing is left out here for
secrecy. Quarters are written 2026-Q3. Names are those of the language; a measure of an open list that has no
name is called by its code.
"""

from __future__ import annotations

import pandas as pd

from dashboards.data import TOTAL, Publication

TABLES = (
    "progress_frameworks",
    "progress_measures",
    "progress_stages",
    "progress_counts",
    "progress_rates",
    "progress_forecasts",
    "progress_commitments",
    "progress_commitment_shares",
    "progress_actions",
    "progress_projects",
    "progress_trainings",
    "progress_measured",
)


def is_told(publication: Publication) -> bool:
    """Whether the file has these tables: a publication of an older version has none of them."""
    return all(publication.shares(table) for table in TABLES)


def _named(language: str) -> str:
    """Of a measure: measure_name, is_confirmed, area_code, area_name. A mere code has nothing to confirm."""
    return f"""
        coalesce(progress_measures.name_{language}, measure_code) as measure_name,
        coalesce(progress_measures.is_confirmed, true) as is_confirmed,
        coalesce(area_code, '') as area_code,
        coalesce(progress_measures.area_name_{language}, area_code, '') as area_name
    """


def frameworks(publication: Publication, language: str) -> pd.DataFrame:
    """Those of which something is reported: framework_code, name, is_confirmed, source."""
    return publication.rows(
        f"""
        select framework_code, name_{language} as name, is_confirmed, source
        from progress_frameworks
        where framework_code in (
            select framework_code from progress_counts
            union all
            select framework_code from progress_stages
            union all
            select framework_code from progress_commitments
            union all
            select framework_code from progress_commitment_shares
        )
        order by framework_code
        """
    )


def first_and_last(
    publication: Publication, framework_code: str, member_code: str, language: str
) -> pd.DataFrame:
    """The rates of the region (_T) or a member at both ends of its series, by area, the whole (_T) first.

    area_code, area_name, first_time_period, last_time_period, before_pct, now_pct, lowest_pct and highest_pct
    (now, if all that is not known were none, or full), measures_count, members_count.
    """
    return publication.rows(
        f"""
        with areas as (
            select area_code, any_value(area_name_{language}) as area_name, min(sort_order) as sort_order
            from progress_measures
            where framework_code = $1
            group by area_code
        ),
        rates as (
            select *, min(time_period) over () as first_time_period,
                   max(time_period) over () as last_time_period
            from progress_rates
            where framework_code = $1 and member_code = $2
        )
        select now.area_code, coalesce(areas.area_name, now.area_code) as area_name, now.first_time_period,
               now.last_time_period, before.rate_pct as before_pct, now.rate_pct as now_pct, now.lowest_pct,
               now.highest_pct, now.measures_count, now.members_count
        from rates as now
        left join rates as before
            on before.area_code = now.area_code and before.time_period = now.first_time_period
        left join areas on areas.area_code = now.area_code
        where now.time_period = now.last_time_period
        order by now.area_code <> '{TOTAL}', areas.sort_order nulls last, now.area_code
        """,
        framework_code,
        member_code,
    )


def rated_members(publication: Publication, framework_code: str) -> set[str]:
    """The members whose rate this audience is told, and _T for the region."""
    frame = publication.rows(
        "select distinct member_code from progress_rates where framework_code = ?", framework_code
    )
    return set(frame["member_code"])


def rates(publication: Publication, framework_code: str, members: tuple[str, ...]) -> pd.DataFrame:
    """The rates of all areas together, as `charts.lines` takes them: a series for each member, _T the region.

    series_code, time_period, obs_value, obs_status, conf_status; lower_value and upper_value where something
    is not known.
    """
    return publication.rows(
        f"""
        select member_code as series_code, time_period, rate_pct as obs_value,
               if(rate_pct is null, 'M', 'A') as obs_status, 'F' as conf_status,
               if(lowest_pct < highest_pct, lowest_pct, null) as lower_value,
               if(lowest_pct < highest_pct, highest_pct, null) as upper_value
        from progress_rates
        where framework_code = ? and area_code = '{TOTAL}' and list_contains(?, member_code)
        order by series_code, time_period
        """,
        framework_code,
        members,
    )


def counts(publication: Publication, framework_code: str, language: str) -> pd.DataFrame:
    """Members by stage for each measure at the end of the last quarter, in the order of the framework.

    measure_code, measure_name, is_confirmed, area_code, area_name, time_period, counted_in, full_count,
    partial_count, pilot_count, none_count, not_known_count, not_applicable_count, members_count, conf_status
    (C: withheld, no counts).
    """
    return publication.rows(
        f"""
        select measure_code, {_named(language)}, time_period, counted_in, full_count, partial_count,
               pilot_count, none_count, not_known_count, not_applicable_count, members_count, conf_status
        from progress_counts
        left join progress_measures using (framework_code, measure_code)
        where framework_code = $1
          and time_period = (select max(time_period) from progress_counts where framework_code = $1)
        order by sort_order nulls last, measure_code
        """,
        framework_code,
    )


def stages(publication: Publication, framework_code: str, language: str) -> pd.DataFrame:
    """The stage of each measure in each member that is named, at the end of the last quarter.

    member_code, member_name, measure_code, measure_name, is_confirmed, area_code, area_name, time_period,
    stage_code, assessed_on, assessor_code.
    """
    return publication.rows(
        f"""
        select member_code, coalesce(members.name_{language}, member_code) as member_name, measure_code,
               {_named(language)}, time_period, stage_code, assessed_on, assessor_code
        from progress_stages
        left join progress_measures using (framework_code, measure_code)
        left join members using (member_code)
        where framework_code = $1
          and time_period = (select max(time_period) from progress_stages where framework_code = $1)
        order by sort_order nulls last, measure_code, strip_accents(member_name)
        """,
        framework_code,
    )


def is_assessed(publication: Publication, framework_code: str, member_code: str) -> bool:
    """Whether the member has assessed anything of the framework."""
    frame = publication.rows(
        "select count(*) as stages from progress_stages where framework_code = ? and member_code = ?",
        framework_code,
        member_code,
    )
    return bool(frame["stages"].iloc[0])


def gaps(publication: Publication, framework_code: str, member_code: str, language: str) -> pd.DataFrame:
    """The measures that the member does not have in full, a measure never assessed among them.

    measure_code, measure_name, is_confirmed, area_code, area_name, stage_code, assessed_on, assessor_code;
    peers: the names of the others in this file that have it in full (null: none); full_count: how many
    members have (null: withheld, or not counted); counted_in: the quarter of that count.
    """
    return publication.rows(
        f"""
        with now as (
            select * from progress_stages
            where framework_code = $1
            qualify time_period = max(time_period) over ()
        ),
        own as (
            select measure_code, stage_code, assessed_on, assessor_code from now where member_code = $2
        ),
        measures as (
            select measure_code from progress_measures where framework_code = $1
            union
            select measure_code from own
        ),
        peers as (
            select measure_code,
                   string_agg(members.name_{language}, ', ' order by strip_accents(members.name_{language}))
                       as peers
            from now
            inner join members using (member_code)
            where member_code <> $2 and stage_code = 'FULL'
            group by measure_code
        ),
        counted as (
            select measure_code, full_count, counted_in from progress_counts
            where framework_code = $1
            qualify time_period = max(time_period) over ()
        )
        select measure_code, {_named(language)}, coalesce(stage_code, 'NOT_KNOWN') as stage_code,
               assessed_on, assessor_code, peers, full_count, counted_in
        from measures
        left join own using (measure_code)
        left join peers using (measure_code)
        left join counted using (measure_code)
        left join progress_measures
            on progress_measures.framework_code = $1
            and progress_measures.measure_code = measures.measure_code
        where coalesce(stage_code, 'NOT_KNOWN') not in ('FULL', 'NOT_APPLICABLE')
          and exists (select 1 from own)
        order by sort_order nulls last, measure_code
        """,
        framework_code,
        member_code,
    )


def forecast(publication: Publication, framework_code: str, member_code: str) -> pd.DataFrame:
    """At most one row: status_code, expected_on, earliest_on, latest_on (null where the end is open)."""
    return publication.rows(
        """
        select status_code, expected_on, earliest_on, latest_on
        from progress_forecasts
        where framework_code = ? and member_code = ?
        """,
        framework_code,
        member_code,
    )


def commitment_shares(publication: Publication, framework_code: str, language: str) -> pd.DataFrame:
    """Commitments by what is known of their dates; the region first, then the members that are named.

    member_code, member_name (null: the region), measures_count, to_date_count, without_support_count,
    with_support_count, not_designated_count, unknown_count, members_count, conf_status.
    """
    return publication.rows(
        f"""
        select member_code, members.name_{language} as member_name, measures_count, to_date_count,
               without_support_count, with_support_count, not_designated_count, unknown_count, members_count,
               conf_status
        from progress_commitment_shares
        left join members using (member_code)
        where framework_code = ?
        order by member_code <> '{TOTAL}', strip_accents(member_name)
        """,
        framework_code,
    )


def next_commitments(
    publication: Publication, framework_code: str, member_code: str, language: str
) -> pd.DataFrame:
    """The member's commitments whose date is still to come, the next first.

    measure_code, measure_name, is_confirmed, area_code, area_name, category_code, date_kind_code,
    target_date, support_needed.
    """
    return publication.rows(
        f"""
        select measure_code, {_named(language)}, category_code, date_kind_code, target_date, support_needed
        from progress_commitments
        left join progress_measures using (framework_code, measure_code)
        where framework_code = ? and member_code = ? and target_date > ?
        order by target_date, sort_order nulls last, measure_code
        """,
        framework_code,
        member_code,
        publication.as_of_date,
    )


def actions(publication: Publication, language: str) -> pd.DataFrame:
    """Every action of the members that are named: the overdue ones, the open ones, the others; by first date.

    member_code, member_name, action_id, plan_code, framework_code, measure_code, measure_name, is_confirmed,
    area_code, area_name, title, owner_body, start_date, due_date, first_due_date, status_code, completed_on,
    is_overdue, state_code (status_code, or OVERDUE), slippage_days, budget_usd, donor, project, blocked_by.
    """
    return publication.rows(
        f"""
        select member_code, coalesce(members.name_{language}, member_code) as member_name, action_id,
               plan_code, framework_code, measure_code, {_named(language)}, title, owner_body, start_date,
               due_date, first_due_date, status_code, completed_on, is_overdue,
               if(is_overdue, 'OVERDUE', status_code) as state_code, slippage_days, budget_usd, donor,
               project, blocked_by
        from progress_actions
        left join progress_measures using (framework_code, measure_code)
        left join members using (member_code)
        order by is_overdue desc, list_position(['UNDER_WAY', 'PLANNED', 'DONE', 'STOPPED'], status_code),
                 first_due_date, strip_accents(member_name), action_id
        """
    )


def projects(publication: Publication) -> pd.DataFrame:
    """What each project of a donor pays for and has moved, the largest budget first, withheld ones last.

    donor, project (both null: none is named), members_count, actions_count, due_count, on_time_count,
    late_count, overdue_count, stopped_count, done_count, budget_usd, done_budget_usd, stages_gained,
    measures_count, conf_status (C: nothing is told, nor who and what it is).
    """
    return publication.rows(
        """
        select donor, project, members_count, actions_count, due_count, on_time_count, late_count,
               overdue_count, stopped_count, done_count, budget_usd, done_budget_usd, stages_gained,
               measures_count, conf_status
        from progress_projects
        order by conf_status = 'C', budget_usd desc nulls last, donor, project
        """
    )


def trainings(publication: Publication, language: str) -> pd.DataFrame:
    """The region first, then the members that are named.

    member_code, member_name (null: the region), trainings_count, participants_count, members_count,
    conf_status.
    """
    return publication.rows(
        f"""
        select member_code, members.name_{language} as member_name, trainings_count, participants_count,
               members_count, conf_status
        from progress_trainings
        left join members using (member_code)
        order by member_code <> '{TOTAL}', strip_accents(member_name)
        """
    )


def measured(publication: Publication, framework_code: str, language: str) -> pd.DataFrame:
    """A member's assessments beside what its extracts show, those that do not seem to fit first.

    measure_code, measure_name, is_confirmed, area_code, area_name, stage_code, indicator_code, title,
    obs_value, unit_measure, months_count, verdict_code, reason.
    """
    return publication.rows(
        f"""
        select measure_code, {_named(language)}, stage_code, indicator_code,
               coalesce(title_{language}, indicator_code) as title, obs_value, progress_measured.unit_measure,
               months_count, verdict_code, reason_{language} as reason
        from progress_measured
        left join progress_measures using (framework_code, measure_code)
        left join indicator_definitions using (indicator_code)
        where framework_code = ?
        order by verdict_code not in ('CLAIMED_NOT_SEEN', 'SEEN_NOT_CLAIMED'), sort_order nulls last,
                 measure_code, indicator_code
        """,
        framework_code,
        language=language,
    )
