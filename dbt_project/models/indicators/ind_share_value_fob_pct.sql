with figures as (

    {{ share_of_value('fob') }}

),

final as (

    {{ long_table('figures', 'SHARE_VALUE_FOB_PCT', 'PERCENT', coverage='coverage_pct') }}

)

select * from final
