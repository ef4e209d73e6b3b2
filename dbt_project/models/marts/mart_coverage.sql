with member_coverage as (

    select * from {{ ref('int_member_coverage') }}

),

final as (

    select
        member_code,
        time_period,
        status,
        items,
        received_at,
        cast(date_diff('day', period_end_date, cast(received_at as date)) as integer) as days_after_period_end
    from member_coverage

)

select * from final
