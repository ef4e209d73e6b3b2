with vintages as (

    select * from {{ ref('int_vintages') }}
    where vintage_status <> 'HELD'

),

periods as (

    select * from {{ ref('int_periods') }}

),

-- From when a vintage was in force, and until when: the next one of its stream and month that is not held.
dated as (

    select
        vintages.member_code,
        vintages.stream_code,
        vintages.time_period,
        vintages.extract_id,
        vintages.items,
        cast(vintages.vintage_at as date) as known_from,
        row_number() over (
            partition by
                vintages.member_code, vintages.stream_code, vintages.time_period, cast(vintages.vintage_at as date)
            order by vintages.vintage_at desc, vintages.source_name desc, vintages.extract_id desc
        ) as place_in_day
    from vintages

),

final as (

    select
        dated.member_code,
        dated.stream_code,
        dated.time_period,
        cast(
            row_number() over (
                partition by dated.member_code, dated.stream_code, dated.time_period
                order by dated.known_from
            ) as integer
        ) as version_number,
        dated.known_from,
        lead(dated.known_from) over (
            partition by dated.member_code, dated.stream_code, dated.time_period
            order by dated.known_from
        ) as known_until,
        cast(date_diff('day', periods.period_end_date, dated.known_from) as integer) as days_after_period_end,
        cast(dated.items as bigint) as items,
        dated.extract_id
    from dated
    inner join periods on dated.time_period = periods.time_period
    where dated.place_in_day = 1

)

select * from final
