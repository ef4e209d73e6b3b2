with source as (

    select * from {{ source('inputs', 'member_terms') }}

),

final as (

    select
        member_code,
        audience_class,
        indicator_group,
        detail,
        minimum_cell_items
    from source

)

select * from final
