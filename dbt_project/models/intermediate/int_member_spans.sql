with members as (

    select * from {{ ref('stg_members') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

taxes as (

    select * from {{ ref('stg_taxes') }}

),

bounds as (

    select
        min(period_start_date) as first_day,
        max(period_end_date) as last_day
    from periods

),

days as (

    select {{ days_between('first_day', 'last_day') }} as arrival_date
    from bounds

),

member_days as (

    select
        members.member_code,
        days.arrival_date,
        members.time_zone
    from members
    cross join days

),

-- Several taxes in force at once add up. What the vendor collects at the sale is not forgone at the border.
taxes_of_days as (

    select
        member_days.member_code,
        member_days.arrival_date,
        sum(case when taxes.low_value_collector_code = 'NONE' then taxes.rate_pct end) as tax_rate_pct
    from member_days
    inner join taxes
        on
            member_days.member_code = taxes.member_code
            and (taxes.valid_from is null or member_days.arrival_date >= taxes.valid_from)
            and (taxes.valid_to is null or member_days.arrival_date < taxes.valid_to)
    group by member_days.member_code, member_days.arrival_date

),

described as (

    select
        member_days.member_code,
        member_days.arrival_date,
        strftime(member_days.arrival_date, '%Y-%m') as time_period,
        cast({{ utc_offset_minutes('member_days.time_zone', 'member_days.arrival_date') }} as integer)
            as utc_offset_minutes,
        cast(taxes_of_days.tax_rate_pct as double) as tax_rate_pct
    from member_days
    left join taxes_of_days
        on
            member_days.member_code = taxes_of_days.member_code
            and member_days.arrival_date = taxes_of_days.arrival_date

),

-- Days that follow each other and are alike have the same difference between the two counts.
counted as (

    select
        *,
        row_number() over (partition by member_code, time_period order by arrival_date)
        - row_number() over (
            partition by member_code, time_period, utc_offset_minutes, tax_rate_pct
            order by arrival_date
        ) as days_unlike
    from described

),

-- Few rows, so that items are held against them and not they against a table of all items.
final as (

    select
        member_code,
        time_period,
        min(arrival_date) as starts_on,
        cast(max(arrival_date) + interval 1 day as date) as ends_on,
        utc_offset_minutes,
        tax_rate_pct
    from counted
    group by member_code, time_period, utc_offset_minutes, tax_rate_pct, days_unlike

)

select * from final
