with vintages as (

    select * from {{ ref('int_vintages') }}

),

measures as (

    select * from {{ ref('int_vintage_measures') }}

),

revenue as (

    select
        member_code,
        stream_code,
        time_period,
        sum(items_with_duty) as items_with_duty,
        sum(duty_usd) as duty_usd,
        sum(items_with_tax) as items_with_tax,
        sum(tax_usd) as tax_usd
    from {{ ref('mart_item_cube') }}
    group by member_code, stream_code, time_period

),

receipts as (

    select * from {{ ref('stg_receipts') }}

),

receipt_values as (

    select
        extract_id,
        sum(accepted_value) as accepted_value
    from {{ ref('stg_receipt_values') }}
    group by extract_id

),

in_force as (

    select
        *,
        strftime(cast(time_period || '-01' as date) - interval 1 month, '%Y-%m') as previous_time_period
    from vintages
    where vintage_status = 'IN_FORCE'

),

final as (

    select
        in_force.member_code,
        in_force.stream_code,
        in_force.time_period,
        in_force.extract_id,
        in_force.vintage_number,
        in_force.items as receipt_items,
        coalesce(measures.items, 0) as items,
        coalesce(measures.distinct_item_ids, 0) as distinct_item_ids,
        cast(coalesce(measures.control_total_declared_value, 0) as decimal(38, 2)) as control_total_declared_value,
        coalesce(measures.items_valued, 0) as items_valued,
        measures.declared_value_usd,
        measures.median_value_usd,
        cast(coalesce(revenue.items_with_duty, 0) as bigint) as items_with_duty,
        revenue.duty_usd,
        cast(coalesce(revenue.items_with_tax, 0) as bigint) as items_with_tax,
        revenue.tax_usd,
        coalesce(measures.items_with_basis, 0) as items_with_basis,
        coalesce(measures.items_with_counterpart, 0) as items_with_counterpart,
        coalesce(measures.items_with_port, 0) as items_with_port,
        coalesce(measures.items_with_hs_code, 0) as items_with_hs_code,
        coalesce(measures.items_with_gross_mass, 0) as items_with_gross_mass,
        coalesce(measures.items_with_release, 0) as items_with_release,
        measures.first_arrival_date,
        measures.last_arrival_date,
        in_force.previous_extract_id as previous_vintage_extract_id,
        previous_vintages.items as previous_vintage_items,
        previous_measures.declared_value_usd as previous_vintage_declared_value_usd,
        previous_periods.items as previous_period_items,
        period_measures.declared_value_usd as previous_period_declared_value_usd,
        receipts.rows_in as extract_rows_in,
        receipts.rows_accepted as extract_rows_accepted,
        receipts.rows_rejected as extract_rows_rejected,
        receipts.rows_duplicate as extract_rows_duplicate,
        receipts.rows_warned as extract_rows_warned,
        cast(coalesce(receipt_values.accepted_value, 0) as decimal(38, 2)) as extract_accepted_value
    from in_force
    inner join receipts on in_force.extract_id = receipts.extract_id
    left join receipt_values on in_force.extract_id = receipt_values.extract_id
    left join measures
        on
            in_force.extract_id = measures.extract_id
            and in_force.time_period = measures.time_period
    left join revenue
        on
            in_force.member_code = revenue.member_code
            and in_force.stream_code = revenue.stream_code
            and in_force.time_period = revenue.time_period
    left join vintages as previous_vintages
        on
            in_force.previous_extract_id = previous_vintages.extract_id
            and in_force.time_period = previous_vintages.time_period
    left join measures as previous_measures
        on
            in_force.previous_extract_id = previous_measures.extract_id
            and in_force.time_period = previous_measures.time_period
    left join in_force as previous_periods
        on
            in_force.member_code = previous_periods.member_code
            and in_force.stream_code = previous_periods.stream_code
            and in_force.previous_time_period = previous_periods.time_period
    left join measures as period_measures
        on
            previous_periods.extract_id = period_measures.extract_id
            and previous_periods.time_period = period_measures.time_period

)

select * from final
