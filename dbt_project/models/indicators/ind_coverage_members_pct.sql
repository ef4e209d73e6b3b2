with member_coverage as (

    select * from {{ ref('int_member_coverage') }}

),

counted as (

    select
        time_period,
        count(*) as members,
        count(case when is_complete then 1 end) as complete_members
    from member_coverage
    group by time_period

),

figures as (

    select
        '_T' as member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        100 * cast(complete_members as double) / nullif(members, 0) as obs_value,
        false as is_estimated,
        null as base_items,
        complete_members as base_members
    from counted

),

final as (

    {{ long_table('figures', 'COVERAGE_MEMBERS_PCT', 'PERCENT') }}

)

select * from final
