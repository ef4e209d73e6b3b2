with figures as (

    {{ share_of_items('items_le_de_minimis', 'items_with_de_minimis') }}

),

final as (

    {{ long_table('figures', 'SHARE_LE_DE_MINIMIS_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
