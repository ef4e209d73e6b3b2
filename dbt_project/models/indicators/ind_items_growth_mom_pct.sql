with figures as (

    {{ growth_of_items(1, frequencies=['M']) }}

),

final as (

    {{ long_table('figures', 'ITEMS_GROWTH_MOM_PCT', 'PERCENT', coverage='coverage_pct') }}

)

select * from final
