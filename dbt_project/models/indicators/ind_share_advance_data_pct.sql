with figures as (

    {{ share_of_items('items_in_advance', 'items_with_advance_field') }}

),

final as (

    {{ long_table('figures', 'SHARE_ADVANCE_DATA_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
