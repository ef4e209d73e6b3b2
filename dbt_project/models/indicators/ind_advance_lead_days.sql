with figures as (

    {{ quantile_of_items('ADVANCE_DAYS', 'median') }}

),

final as (

    {{ long_table('figures', 'ADVANCE_LEAD_DAYS', 'DAYS') }}

)

select * from final
