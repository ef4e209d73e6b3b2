with figures as (

    {{ share_of_value('cif') }}

),

final as (

    {{ long_table('figures', 'SHARE_VALUE_CIF_PCT', 'PERCENT', coverage='coverage_pct') }}

)

select * from final
