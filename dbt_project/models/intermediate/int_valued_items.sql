{{ config(materialized='view') }}

with items as (

    select * from {{ ref('int_counted_items') }}

),

rates as (

    select
        currency_code,
        time_period,
        cast(units_per_usd as double) as units_per_usd,
        source_code
    from {{ ref('int_exchange_rates') }}

),

matched as (

    select
        items.*,
        rates.units_per_usd as exchange_rate,
        rates.source_code as exchange_rate_source_code
    from items
    left join rates
        on
            items.declared_currency_code = rates.currency_code
            and items.time_period = rates.time_period

),

final as (

    select
        *,
        declared_value / exchange_rate as exact_value_usd,
        try_cast(declared_value / exchange_rate as decimal(18, 2)) as declared_value_usd
    from matched

)

select * from final
