with figures as (

    {{ share_of_items('items_simplified', 'items_with_declaration_type') }}

),

final as (

    {{ long_table('figures', 'SHARE_SIMPLIFIED_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
