with figures as (

    {{ index_with_base(2019, 2019) }}

),

final as (

    {{ long_table('figures', 'ITEMS_2019_INDEX', 'INDEX') }}

)

select * from final
