with figures as (

    {{ share_of_items('items_inspected', 'items_with_inspection') }}

),

final as (

    {{ long_table('figures', 'INSPECTION_RATE_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
