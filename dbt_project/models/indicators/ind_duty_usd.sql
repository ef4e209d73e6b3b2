with figures as (

    {{ amount_of_charge('DUTY') }}

),

final as (

    {{ long_table('figures', 'DUTY_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
