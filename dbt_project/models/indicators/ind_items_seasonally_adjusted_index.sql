with figures as (

    select * from {{ ref('int_series_figures') }}
    where not is_forecast and unit_measure = 'INDEX'

),

final as (

    {{ series_long_table('figures', 'ITEMS_SEASONALLY_ADJUSTED_INDEX', 'INDEX') }}

)

select * from final
