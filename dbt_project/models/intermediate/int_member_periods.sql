with member_coverage as (

    select * from {{ ref('int_member_coverage') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

final as (

    select
        member_coverage.member_code,
        period_months.frequency,
        period_months.time_period,
        period_months.period_number,
        bool_and(member_coverage.is_complete) as is_complete,
        bool_or(member_coverage.is_gap) as is_gap,
        bool_or(member_coverage.is_complete) and not bool_or(member_coverage.is_gap) as is_counted,
        100 * cast(count(case when member_coverage.is_complete then 1 end) as double) / count(*) as months_pct
    from period_months
    inner join member_coverage on period_months.month_time_period = member_coverage.time_period
    group by
        member_coverage.member_code,
        period_months.frequency,
        period_months.time_period,
        period_months.period_number

)

select * from final
