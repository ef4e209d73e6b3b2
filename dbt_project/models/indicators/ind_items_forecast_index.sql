with figures as (

    select * from {{ ref('int_series_figures') }}
    where is_forecast and unit_measure = 'INDEX'

),

final as (

    {{ series_long_table('figures', 'ITEMS_FORECAST_INDEX', 'INDEX') }}

)

select * from final
