with figures as (

    {{ quantile_of_items('DECLARED_VALUE_USD', 'median') }}

),

final as (

    {{ long_table('figures', 'MEDIAN_VALUE_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
