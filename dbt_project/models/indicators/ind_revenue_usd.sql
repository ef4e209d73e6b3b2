with figures as (

    {{ amount_of_charge('ALL') }}

),

final as (

    {{ long_table('figures', 'REVENUE_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
