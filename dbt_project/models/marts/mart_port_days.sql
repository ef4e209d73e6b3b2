{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook='{{ delete_stale_partitions() }}'
    )
}}

with items as (

    select * from {{ ref('int_counted_items') }}
    where vintage_status = 'IN_FORCE' and {{ is_in_changed_partition() }}

),

partitions as (

    select * from {{ ref('int_partitions') }}

),

counted as (

    select
        member_code,
        time_period,
        coalesce(port_code, '_U') as port_code,
        coalesce(customs_office_code, '_U') as customs_office_code,
        arrival_date,
        count(*) as items
    from items
    group by all

),

final as (

    select
        counted.*,
        partitions.partition_fingerprint
    from counted
    inner join partitions
        on
            counted.member_code = partitions.member_code
            and counted.time_period = partitions.time_period

)

select * from final
