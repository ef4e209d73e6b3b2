with members as (

    select * from {{ ref('stg_members') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

stream_coverage as (

    select * from {{ ref('int_stream_coverage') }}

),

streams_together as (

    select
        member_code,
        time_period,
        bool_or(status = 'HELD') as has_held,
        bool_or(status = 'MISSING') as has_missing,
        bool_or(status = 'REPORTED') as has_reported,
        bool_or(status = 'NIL') as has_nil,
        bool_or(has_begun) as has_begun,
        sum(items) as items,
        max(received_at) as received_at
    from stream_coverage
    group by member_code, time_period

),

judged as (

    select
        members.member_code,
        periods.time_period,
        periods.period_number,
        periods.period_end_date,
        case
            when streams_together.has_held then 'HELD'
            when streams_together.has_missing then 'MISSING'
            when streams_together.has_reported then 'REPORTED'
            when streams_together.has_nil then 'NIL'
            else 'NOT_YET_REPORTING'
        end as status,
        coalesce(streams_together.has_begun, false) as has_begun,
        streams_together.items,
        streams_together.received_at
    from members
    cross join periods
    left join streams_together
        on
            members.member_code = streams_together.member_code
            and periods.time_period = streams_together.time_period

),

final as (

    select
        member_code,
        time_period,
        period_number,
        period_end_date,
        status,
        status in ('REPORTED', 'NIL') as is_complete,
        has_begun and status in ('MISSING', 'HELD') as is_gap,
        cast(items as bigint) as items,
        case when status in ('REPORTED', 'NIL') then received_at end as received_at
    from judged

)

select * from final
