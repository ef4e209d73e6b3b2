with series as (

    select * from {{ ref('int_series') }}

),

tested as (

    select distinct
        member_code,
        channel_code,
        forecast_error_pct
    from {{ ref('int_series_models') }}
    where forecast_error_pct is not null

),

-- Said of the last month with data: up to it the forecasts are compared with what came.
figures as (

    select
        tested.member_code,
        tested.channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        max(series.time_period) as time_period,
        tested.forecast_error_pct as obs_value,
        false as is_estimated,
        min(series.base_items) as base_items,
        min(series.base_members) as base_members
    from tested
    inner join series
        on
            tested.member_code = series.member_code
            and tested.channel_code = series.channel_code
    group by tested.member_code, tested.channel_code, tested.forecast_error_pct

),

final as (

    {{ long_table('figures', 'ITEMS_FORECAST_ERROR_PCT', 'PERCENT') }}

)

select * from final
