with figures as (

    {{ share_of_value('intrinsic') }}

),

final as (

    {{ long_table('figures', 'SHARE_VALUE_INTRINSIC_PCT', 'PERCENT', coverage='coverage_pct') }}

)

select * from final
