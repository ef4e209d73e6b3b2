"""The tables of progress in a published file, as publishing writes them: for files that tests make by hand.

They are in the file of every audience, with the same columns. `time_period` is a quarter (2026-Q3). A code
`_T` is the total: of the region as member_code, of a framework as area_code.
"""

PROGRESS_TABLES = """
create table progress_frameworks (
    framework_code varchar, name_en varchar, name_fr varchar, measure_count integer, is_open boolean,
    is_confirmed boolean, source varchar
);
create table progress_measures (
    framework_code varchar, area_code varchar, area_name_en varchar, area_name_fr varchar,
    measure_code varchar, name_en varchar, name_fr varchar, is_confirmed boolean, sort_order integer
);
create table progress_stages (
    member_code varchar, framework_code varchar, measure_code varchar, time_period varchar,
    stage_code varchar, assessed_on date, assessor_code varchar, has_evidence boolean
);
create table progress_counts (
    framework_code varchar, measure_code varchar, time_period varchar, counted_in varchar,
    full_count integer, partial_count integer, pilot_count integer, none_count integer,
    not_known_count integer, not_applicable_count integer, members_count integer, conf_status varchar
);
create table progress_rates (
    member_code varchar, framework_code varchar, area_code varchar, time_period varchar, rate_pct double,
    lowest_pct double, highest_pct double, measures_count integer, members_count integer
);
create table progress_forecasts (
    member_code varchar, framework_code varchar, status_code varchar, expected_on date, earliest_on date,
    latest_on date
);
create table progress_commitments (
    member_code varchar, framework_code varchar, measure_code varchar, category_code varchar,
    date_kind_code varchar, target_date date, state_code varchar, support_needed varchar
);
create table progress_commitment_shares (
    member_code varchar, framework_code varchar, measures_count integer, to_date_count integer,
    without_support_count integer, with_support_count integer, not_designated_count integer,
    unknown_count integer, members_count integer, conf_status varchar
);
create table progress_actions (
    member_code varchar, action_id varchar, plan_code varchar, framework_code varchar, measure_code varchar,
    title varchar, owner_body varchar, start_date date, due_date date, first_due_date date,
    status_code varchar, completed_on date, is_overdue boolean, slippage_days integer, budget_usd double,
    donor varchar, project varchar, blocked_by varchar
);
create table progress_projects (
    donor varchar, project varchar, members_count integer, actions_count integer, due_count integer,
    on_time_count integer, late_count integer, overdue_count integer, stopped_count integer,
    done_count integer, budget_usd double, done_budget_usd double, stages_gained integer,
    measures_count integer, conf_status varchar
);
create table progress_trainings (
    member_code varchar, trainings_count integer, participants_count integer, members_count integer,
    conf_status varchar
);
create table progress_measured (
    member_code varchar, framework_code varchar, measure_code varchar, indicator_code varchar,
    stage_code varchar, obs_value double, unit_measure varchar, months_count integer, verdict_code varchar,
    reason_en varchar, reason_fr varchar
);
"""
