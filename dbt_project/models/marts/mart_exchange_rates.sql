with rates as (

    select * from {{ ref('int_exchange_rates') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

currencies as (

    select currency_code from {{ ref('stg_members') }}
    union distinct
    select currency_code from {{ ref('stg_receipt_values') }}
    union distinct
    select currency_code from {{ ref('stg_de_minimis') }}

),

final as (

    select
        rates.currency_code,
        rates.time_period,
        cast(rates.units_per_usd as double) as units_per_usd,
        rates.source_code,
        cast(rates.second_units_per_usd as double) as second_units_per_usd,
        rates.second_source_code,
        rates.difference_pct,
        rates.is_flagged,
        rates.is_carried
    from rates
    inner join currencies on rates.currency_code = currencies.currency_code
    inner join periods on rates.time_period = periods.time_period

)

select * from final
