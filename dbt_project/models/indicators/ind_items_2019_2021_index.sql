with figures as (

    {{ index_with_base(2019, 2021) }}

),

final as (

    {{ long_table('figures', 'ITEMS_2019_2021_INDEX', 'INDEX') }}

)

select * from final
