with source as (

    select * from {{ source('inputs', 'stream_columns') }}

),

final as (

    select
        member_code,
        stream_code,
        column_name,
        valid_from,
        valid_to
    from source

)

select * from final
