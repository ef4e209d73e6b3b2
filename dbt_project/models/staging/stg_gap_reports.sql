with source as (

    select * from {{ source('inputs', 'gap_reports') }}

),

final as (

    select
        extract_id,
        member_code,
        stream_code,
        source_name,
        content_sha256,
        time_period_start,
        time_period_end,
        received_at,
        vintage_at,
        status,
        is_synthetic,
        rows_in,
        rows_accepted,
        rows_rejected,
        rows_duplicate,
        rows_warned
    from source

)

select * from final
