with source as (

    select * from {{ source('inputs', 'de_minimis') }}

),

final as (

    select
        member_code,
        channel_code,
        valid_from,
        valid_to,
        amount,
        currency_code,
        basis_code,
        scope_code,
        mode_code,
        source
    from source

)

select * from final
