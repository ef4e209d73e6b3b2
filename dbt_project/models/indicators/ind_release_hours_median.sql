with figures as (

    {{ quantile_of_items('RELEASE_HOURS', 'median') }}

),

final as (

    {{ long_table('figures', 'RELEASE_HOURS_MEDIAN', 'HOURS', coverage='coverage_pct') }}

)

select * from final
