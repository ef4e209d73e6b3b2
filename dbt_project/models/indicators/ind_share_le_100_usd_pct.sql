with figures as (

    {{ share_of_items('items_le_100', 'items_valued') }}

),

final as (

    {{ long_table('figures', 'SHARE_LE_100_USD_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
