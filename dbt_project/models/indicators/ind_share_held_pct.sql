with figures as (

    {{ share_of_items('items_held', 'items_with_outcome') }}

),

final as (

    {{ long_table('figures', 'SHARE_HELD_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
