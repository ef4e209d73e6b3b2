with figures as (

    {{ share_of_items('items_irregular', 'items_with_result', asked='items_inspected') }}

),

final as (

    {{ long_table('figures', 'HIT_RATE_PCT', 'PERCENT', coverage='coverage_pct', counted='counted_items') }}

)

select * from final
