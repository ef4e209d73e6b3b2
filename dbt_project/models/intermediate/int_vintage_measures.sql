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
    where {{ is_in_changed_partition() }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

partitions as (

    select * from {{ ref('int_partitions') }}

),

measured as (

    select
        vintage_key,
        count(*) as items,
        {{ exact_distinct('item_id') }} as distinct_item_ids,
        sum(declared_value) as control_total_declared_value,
        count(declared_value_usd) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        cast(median(declared_value_usd) as decimal(18, 2)) as median_value_usd,
        count(valuation_basis_code) as items_with_basis,
        count(coalesce(origin_country_code, consignment_country_code)) as items_with_counterpart,
        count(port_code) as items_with_port,
        count(hs_code) as items_with_hs_code,
        count(gross_mass_kg) as items_with_gross_mass,
        count(release_at) as items_with_release,
        min(arrival_date) as first_arrival_date,
        max(arrival_date) as last_arrival_date
    from items
    group by vintage_key

),

final as (

    select
        vintages.member_code,
        vintages.stream_code,
        vintages.time_period,
        vintages.extract_id,
        measured.items,
        measured.distinct_item_ids,
        measured.control_total_declared_value,
        measured.items_valued,
        measured.declared_value_usd,
        measured.median_value_usd,
        measured.items_with_basis,
        measured.items_with_counterpart,
        measured.items_with_port,
        measured.items_with_hs_code,
        measured.items_with_gross_mass,
        measured.items_with_release,
        measured.first_arrival_date,
        measured.last_arrival_date,
        partitions.partition_fingerprint
    from measured
    inner join vintages on measured.vintage_key = vintages.vintage_key
    inner join partitions
        on
            vintages.member_code = partitions.member_code
            and vintages.time_period = partitions.time_period

)

select * from final
