with figures as (

    select * from {{ ref('int_series_figures') }}
    where is_forecast and unit_measure = 'NUMBER'

),

final as (

    {{ series_long_table('figures', 'ITEMS_FORECAST', 'NUMBER') }}

)

select * from final
