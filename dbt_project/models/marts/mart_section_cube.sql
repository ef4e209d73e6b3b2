{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook='{{ delete_stale_partitions() }}'
    )
}}

with items as (

    select * from {{ ref('int_valued_items') }}
    where vintage_status = 'IN_FORCE' and {{ is_in_changed_partition() }}

),

partitions as (

    select * from {{ ref('int_partitions') }}

),

placed as (

    select
        *,
        {{ hs_section_code('hs_code') }} as commodity_code
    from items

),

counted as (

    select
        member_code,
        stream_code,
        time_period,
        commodity_code,
        count(*) as items,
        count(declared_value_usd) as items_valued,
        sum(declared_value_usd) as declared_value_usd
    from placed
    group by member_code, stream_code, time_period, commodity_code

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
