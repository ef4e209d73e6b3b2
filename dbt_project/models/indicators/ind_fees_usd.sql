with figures as (

    {{ amount_of_charge('FEE') }}

),

final as (

    {{ long_table('figures', 'FEES_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
