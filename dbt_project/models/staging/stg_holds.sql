with source as (

    select * from {{ source('inputs', 'holds') }}

),

final as (

    select
        extract_id,
        time_period,
        expectation_id,
        reason_en,
        reason_fr
    from source

)

select * from final
