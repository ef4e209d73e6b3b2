with figures as (

    {{ amount_of_charge('TAX') }}

),

final as (

    {{ long_table('figures', 'TAX_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
