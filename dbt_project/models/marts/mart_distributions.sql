{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook='{{ delete_stale_partitions() }}'
    )
}}

with items as (

    select
        member_code,
        time_period,
        channel_code,
        {{ rounded_usd('declared_value_usd') }} as value_usd,
        greatest(release_days, 0) as release_days,
        cast(round(release_hours) as integer) as release_hours,
        case when advance_days > 0 then advance_days end as advance_days
    from {{ ref('int_items') }}
    where {{ is_in_changed_partition() }}

),

partitions as (

    select * from {{ ref('int_partitions') }}

),

counted as (

    select
        member_code,
        time_period,
        channel_code,
        value_usd,
        release_days,
        release_hours,
        advance_days,
        grouping(value_usd) = 0 as is_of_value,
        grouping(release_days) = 0 as is_of_release_days,
        grouping(release_hours) = 0 as is_of_release_hours,
        count(*) as items
    from items
    group by grouping sets (
        (member_code, time_period, channel_code, value_usd),
        (member_code, time_period, channel_code, release_days),
        (member_code, time_period, channel_code, release_hours),
        (member_code, time_period, channel_code, advance_days)
    )

),

named as (

    select
        member_code,
        time_period,
        channel_code,
        case
            when is_of_value then 'DECLARED_VALUE_USD'
            when is_of_release_days then 'RELEASE_DAYS'
            when is_of_release_hours then 'RELEASE_HOURS'
            else 'ADVANCE_DAYS'
        end as measure_code,
        cast(coalesce(value_usd, release_days, release_hours, advance_days) as integer) as measure_value,
        items
    from counted

),

final as (

    select
        named.*,
        partitions.partition_fingerprint
    from named
    inner join partitions
        on
            named.member_code = partitions.member_code
            and named.time_period = partitions.time_period
    where named.measure_value is not null

)

select * from final
