with source as (

    select * from {{ source('inputs', 'capacities') }}

),

final as (

    select
        member_code,
        port_code,
        customs_office_code,
        valid_from,
        valid_to,
        items_per_day,
        source
    from source

)

select * from final
