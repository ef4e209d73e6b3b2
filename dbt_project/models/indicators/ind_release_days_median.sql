with figures as (

    {{ quantile_of_items('RELEASE_DAYS', 'median') }}

),

final as (

    {{ long_table('figures', 'RELEASE_DAYS_MEDIAN', 'DAYS', coverage='coverage_pct') }}

)

select * from final
