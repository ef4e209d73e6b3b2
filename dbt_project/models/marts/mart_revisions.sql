with known_figures as (

    select * from {{ ref('mart_known_figures') }}

),

coverage as (

    select * from {{ ref('int_member_coverage') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

-- Streams one by one: a second stream that came later is news, not a revision of the first.
ends as (

    select
        member_code,
        stream_code,
        time_period,
        arg_min(items, version_number) as first_items,
        arg_max(items, version_number) as last_items,
        count(*) as versions_count,
        max(known_from) as last_known_from
    from known_figures
    group by member_code, stream_code, time_period

),

together as (

    select
        member_code,
        time_period,
        sum(first_items) as first_items,
        sum(last_items) as last_items,
        max(versions_count) as versions_count,
        max(last_known_from) as last_known_from
    from ends
    group by member_code, time_period

),

final as (

    select
        together.member_code,
        together.time_period,
        cast(together.first_items as bigint) as first_items,
        cast(together.last_items as bigint) as last_items,
        round(100 * (cast(together.last_items as double) / nullif(together.first_items, 0) - 1), 6) as revision_pct,
        cast(together.versions_count as integer) as versions_count,
        together.last_known_from,
        case
            when periods.is_provisional then 'PROVISIONAL'
            when together.versions_count > 1 then 'REVISED'
            else 'FINAL'
        end as revision_status
    from together
    inner join coverage
        on
            together.member_code = coverage.member_code
            and together.time_period = coverage.time_period
            and coverage.is_complete
    inner join periods on together.time_period = periods.time_period

)

select * from final
