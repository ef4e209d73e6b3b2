{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook='{{ delete_stale_partitions() }}'
    )
}}

with items as (

    select * from {{ ref('int_items') }}
    where {{ is_in_changed_partition() }}

),

partitions as (

    select * from {{ ref('int_partitions') }}

),

counted as (

    select
        member_code,
        stream_code,
        time_period,
        channel_code,
        value_band_code,
        counterpart_code,
        count(*) as items,
        count(declared_value_usd) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        count(case when is_le_100_usd then 1 end) as items_le_100,
        count(is_le_de_minimis) as items_with_de_minimis,
        count(case when is_le_de_minimis then 1 end) as items_le_de_minimis,
        count(duty_usd) as items_with_duty,
        count(case when duty_usd > 0 then 1 end) as items_charged_duty,
        sum(duty_usd) as duty_usd,
        count(tax_usd) as items_with_tax,
        count(case when tax_usd > 0 then 1 end) as items_charged_tax,
        sum(tax_usd) as tax_usd,
        count(fee_usd) as items_with_fee,
        sum(fee_usd) as fee_usd,
        count(gross_mass_kg) as items_with_gross_mass,
        sum(gross_mass_kg) as gross_mass_kg
    from items
    group by member_code, stream_code, time_period, channel_code, value_band_code, counterpart_code

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
