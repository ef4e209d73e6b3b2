with figures as (

    {{ growth_of_items(periods_in_years('later.frequency', 3)) }}

),

final as (

    {{ long_table('figures', 'ITEMS_GROWTH_3Y_PCT', 'PERCENT', coverage='coverage_pct') }}

)

select * from final
