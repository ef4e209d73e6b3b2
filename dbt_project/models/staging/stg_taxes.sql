with source as (

    select * from {{ source('inputs', 'taxes') }}

),

final as (

    select
        member_code,
        name_en,
        valid_from,
        valid_to,
        rate_pct,
        low_value_collector_code,
        source
    from source

)

select * from final
