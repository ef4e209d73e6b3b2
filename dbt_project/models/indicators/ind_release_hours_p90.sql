with figures as (

    {{ quantile_of_items('RELEASE_HOURS', 'p90') }}

),

final as (

    {{ long_table('figures', 'RELEASE_HOURS_P90', 'HOURS', coverage='coverage_pct') }}

)

select * from final
