with source as (

    select * from {{ source('inputs', 'members') }}

),

final as (

    select
        member_code,
        name_en,
        name_fr,
        currency_code,
        time_zone,
        languages,
        customs_system,
        is_oco_member
    from source

)

select * from final
