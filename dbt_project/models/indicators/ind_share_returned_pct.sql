with figures as (

    {{ share_of_items('items_returned', 'items_with_outcome') }}

),

final as (

    {{ long_table('figures', 'SHARE_RETURNED_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
