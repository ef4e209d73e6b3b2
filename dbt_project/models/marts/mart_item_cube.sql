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

stream_columns as (

    select * from {{ ref('int_stream_columns') }}
    where column_name = 'advance_data_at'

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
        count(case when valuation_basis_code = 'CIF' then declared_value_usd end) as items_cif,
        sum(case when valuation_basis_code = 'CIF' then declared_value_usd end) as value_cif_usd,
        count(case when valuation_basis_code = 'FOB' then declared_value_usd end) as items_fob,
        sum(case when valuation_basis_code = 'FOB' then declared_value_usd end) as value_fob_usd,
        count(case when valuation_basis_code = 'INTRINSIC' then declared_value_usd end) as items_intrinsic,
        sum(case when valuation_basis_code = 'INTRINSIC' then declared_value_usd end) as value_intrinsic_usd,
        count(duty_usd) as items_with_duty,
        count(case when duty_usd > 0 then 1 end) as items_charged_duty,
        sum(duty_usd) as duty_usd,
        count(tax_usd) as items_with_tax,
        count(case when tax_usd > 0 then 1 end) as items_charged_tax,
        sum(tax_usd) as tax_usd,
        count(fee_usd) as items_with_fee,
        count(case when fee_usd > 0 then 1 end) as items_charged_fee,
        sum(fee_usd) as fee_usd,
        count(relieved_tax_usd) as items_with_relief,
        sum(relieved_tax_usd) as relieved_tax_usd,
        count(gross_mass_kg) as items_with_gross_mass,
        sum(gross_mass_kg) as gross_mass_kg,
        count(case when advance_days > 0 then 1 end) as items_in_advance,
        count(declaration_type_code) as items_with_declaration_type,
        count(case when declaration_type_code = 'SIMPLIFIED' then 1 end) as items_simplified,
        count(is_inspected) as items_with_inspection,
        count(case when is_inspected then 1 end) as items_inspected,
        count(case when is_inspected then inspection_result_code end) as items_with_result,
        count(case when is_inspected and inspection_result_code = 'IRREGULAR' then 1 end) as items_irregular,
        count(outcome_code) as items_with_outcome,
        count(case when outcome_code = 'HELD' then 1 end) as items_held,
        count(case when outcome_code = 'RETURNED' then 1 end) as items_returned
    from items
    group by member_code, stream_code, time_period, channel_code, value_band_code, counterpart_code

),

final as (

    select
        counted.*,
        -- An item without advance data counts as one only where the stream could have said so.
        case when stream_columns.member_code is not null then counted.items else 0 end as items_with_advance_field,
        partitions.partition_fingerprint
    from counted
    inner join partitions
        on
            counted.member_code = partitions.member_code
            and counted.time_period = partitions.time_period
    left join stream_columns
        on
            counted.member_code = stream_columns.member_code
            and counted.stream_code = stream_columns.stream_code
            and counted.time_period = stream_columns.time_period

)

select * from final
