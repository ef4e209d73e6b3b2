with source as (

    select * from {{ source('inputs', 'receipt_values') }}

),

final as (

    select
        extract_id,
        currency_code,
        accepted_value,
        rejected_value,
        duplicate_value
    from source

)

select * from final
