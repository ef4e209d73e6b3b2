with coverage as (

    select * from {{ ref('mart_coverage') }}

),

member_coverage as (

    select * from {{ ref('int_member_coverage') }}
    where is_complete or is_gap

),

member_figures as (

    select
        member_coverage.member_code,
        member_coverage.time_period,
        member_coverage.is_gap,
        coverage.days_after_period_end as obs_value
    from member_coverage
    inner join coverage
        on
            member_coverage.member_code = coverage.member_code
            and member_coverage.time_period = coverage.time_period

),

region_figures as (

    select
        '_T' as member_code,
        time_period,
        median(obs_value) as obs_value,
        bool_or(is_gap) as is_estimated,
        count(obs_value) as base_members
    from member_figures
    group by time_period

),

together as (

    select
        member_code,
        time_period,
        cast(obs_value as double) as obs_value,
        false as is_estimated,
        1 as base_members
    from member_figures
    union all by name
    select * from region_figures

),

figures as (

    select
        *,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        null as base_items
    from together

),

final as (

    {{ long_table('figures', 'TIMELINESS_DAYS', 'DAYS') }}

)

select * from final
