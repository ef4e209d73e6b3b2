with source as (

    select * from {{ source('inputs', 'receipts') }}

),

final as (

    select
        extract_id,
        member_code,
        stream_code,
        source_name,
        content_sha256,
        byte_count,
        received_at,
        vintage_at,
        status,
        is_synthetic,
        has_manifest,
        rows_in,
        rows_accepted,
        rows_rejected,
        rows_duplicate,
        rows_warned
    from source

)

select * from final
