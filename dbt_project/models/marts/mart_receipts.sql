with receipts as (

    select * from {{ ref('stg_receipts') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

periods_of_extracts as (

    select
        extract_id,
        min(time_period) as time_period_start,
        max(time_period) as time_period_end,
        count(*) as periods_count,
        count(case when vintage_status = 'IN_FORCE' then 1 end) as periods_in_force_count,
        count(case when vintage_status = 'HELD' then 1 end) as periods_held_count
    from vintages
    group by extract_id

),

final as (

    select
        receipts.extract_id,
        receipts.member_code,
        receipts.stream_code,
        receipts.source_name,
        periods_of_extracts.time_period_start,
        periods_of_extracts.time_period_end,
        coalesce(periods_of_extracts.periods_count, 0) as periods_count,
        coalesce(periods_of_extracts.periods_in_force_count, 0) as periods_in_force_count,
        coalesce(periods_of_extracts.periods_held_count, 0) as periods_held_count,
        receipts.status,
        receipts.received_at,
        receipts.vintage_at,
        receipts.content_sha256,
        receipts.byte_count,
        receipts.is_synthetic,
        receipts.has_manifest,
        receipts.rows_in,
        receipts.rows_accepted,
        receipts.rows_rejected,
        receipts.rows_duplicate,
        receipts.rows_warned
    from receipts
    left join periods_of_extracts on receipts.extract_id = periods_of_extracts.extract_id

)

select * from final
