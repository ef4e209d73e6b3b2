with figures as (

    {{ index_with_base(2020, 2020) }}

),

final as (

    {{ long_table('figures', 'ITEMS_2020_INDEX', 'INDEX') }}

)

select * from final
