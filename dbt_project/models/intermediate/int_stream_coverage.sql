with vintages as (

    select * from {{ ref('int_vintages') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

expected_streams as (

    select
        member_code,
        stream_code
    from {{ ref('stg_streams') }}
    union distinct
    select
        member_code,
        stream_code
    from vintages

),

vintages_of_periods as (

    select
        member_code,
        stream_code,
        time_period,
        bool_or(vintage_status = 'IN_FORCE') as is_in_force,
        bool_or(vintage_status = 'HELD') as is_held,
        sum(case when vintage_status = 'IN_FORCE' then items end) as items,
        min(case when vintage_status <> 'HELD' then received_at end) as received_at
    from vintages
    group by member_code, stream_code, time_period

),

beginnings as (

    select
        member_code,
        stream_code,
        min(time_period) as first_period
    from vintages
    where vintage_status = 'IN_FORCE'
    group by member_code, stream_code

),

final as (

    select
        expected_streams.member_code,
        expected_streams.stream_code,
        periods.time_period,
        case
            when vintages_of_periods.is_in_force and vintages_of_periods.items > 0 then 'REPORTED'
            when vintages_of_periods.is_in_force then 'NIL'
            when vintages_of_periods.is_held then 'HELD'
            when periods.time_period > beginnings.first_period then 'MISSING'
            else 'NOT_YET_REPORTING'
        end as status,
        coalesce(periods.time_period >= beginnings.first_period, false) as has_begun,
        vintages_of_periods.items,
        vintages_of_periods.received_at
    from expected_streams
    cross join periods
    left join beginnings
        on
            expected_streams.member_code = beginnings.member_code
            and expected_streams.stream_code = beginnings.stream_code
    left join vintages_of_periods
        on
            expected_streams.member_code = vintages_of_periods.member_code
            and expected_streams.stream_code = vintages_of_periods.stream_code
            and periods.time_period = vintages_of_periods.time_period

)

select * from final
