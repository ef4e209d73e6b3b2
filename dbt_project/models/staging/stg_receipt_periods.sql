with source as (

    select * from {{ source('inputs', 'receipt_periods') }}

),

final as (

    select
        extract_id,
        member_code,
        stream_code,
        time_period,
        items
    from source

)

select * from final
