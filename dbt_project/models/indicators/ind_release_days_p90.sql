with figures as (

    {{ quantile_of_items('RELEASE_DAYS', 'p90') }}

),

final as (

    {{ long_table('figures', 'RELEASE_DAYS_P90', 'DAYS', coverage='coverage_pct') }}

)

select * from final
