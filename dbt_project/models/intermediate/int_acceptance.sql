with vintages as (

    select * from {{ ref('int_vintages') }}
    where vintage_status = 'IN_FORCE'

),

receipts as (

    select * from {{ ref('stg_receipts') }}

),

receipt_values as (

    select * from {{ ref('stg_receipt_values') }}

),

rates as (

    select
        currency_code,
        time_period,
        cast(units_per_usd as double) as units_per_usd
    from {{ ref('int_exchange_rates') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

last_months as (

    select
        extract_id,
        max(time_period) as time_period
    from vintages
    group by extract_id

),

-- A receipt counts values by currency and not by month: the rate is that of the last month of the extract.
extract_values as (

    select
        receipt_values.extract_id,
        sum(cast(receipt_values.accepted_value as double) / rates.units_per_usd) as accepted_value_usd,
        sum(cast(receipt_values.rejected_value as double) / rates.units_per_usd) as rejected_value_usd
    from receipt_values
    inner join last_months on receipt_values.extract_id = last_months.extract_id
    inner join rates
        on
            receipt_values.currency_code = rates.currency_code
            and last_months.time_period = rates.time_period
    group by receipt_values.extract_id

),

-- An extract counts once in each period that it has a month of.
extracts as (

    select distinct
        member_periods.member_code,
        member_periods.frequency,
        member_periods.time_period,
        vintages.extract_id
    from member_periods
    inner join period_months
        on
            member_periods.frequency = period_months.frequency
            and member_periods.time_period = period_months.time_period
    inner join vintages
        on
            member_periods.member_code = vintages.member_code
            and period_months.month_time_period = vintages.time_period
    where member_periods.is_counted

),

counted as (

    select
        case when grouping(extracts.member_code) = 1 then '_T' else extracts.member_code end as member_code,
        extracts.frequency,
        extracts.time_period,
        sum(receipts.rows_accepted) as rows_accepted,
        sum(receipts.rows_rejected) as rows_rejected,
        sum(extract_values.accepted_value_usd) as accepted_value_usd,
        sum(extract_values.rejected_value_usd) as rejected_value_usd,
        count(distinct extracts.member_code) as base_members
    from extracts
    inner join receipts on extracts.extract_id = receipts.extract_id
    left join extract_values on extracts.extract_id = extract_values.extract_id
    group by grouping sets (
        (extracts.frequency, extracts.time_period, extracts.member_code),
        (extracts.frequency, extracts.time_period)
    )

),

gaps as (

    select
        member_code,
        frequency,
        time_period
    from member_periods
    where is_gap

),

periods_with_gaps as (

    select distinct time_period from gaps

),

together as (

    select * from counted
    union all by name
    select * from gaps

),

final as (

    select
        together.member_code,
        together.frequency,
        together.time_period,
        together.member_code <> '_T' or periods_with_gaps.time_period is null as is_complete,
        cast(together.rows_accepted as bigint) as rows_accepted,
        cast(together.rows_rejected as bigint) as rows_rejected,
        together.accepted_value_usd,
        together.rejected_value_usd,
        cast(together.base_members as integer) as base_members
    from together
    left join periods_with_gaps on together.time_period = periods_with_gaps.time_period

)

select * from final
