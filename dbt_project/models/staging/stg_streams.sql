with source as (

    select * from {{ source('inputs', 'streams') }}

),

final as (

    select
        member_code,
        stream_code,
        cadence,
        due_days
    from source

)

select * from final
