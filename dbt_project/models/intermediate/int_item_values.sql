{{ config(materialized='view') }}

with items as (

    select * from {{ ref('stg_items') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

declared_rates as (

    select
        currency_code,
        time_period,
        cast(units_per_usd as double) as units_per_usd,
        source_code
    from {{ ref('int_exchange_rates') }}

),

revenue_rates as (

    select
        currency_code,
        time_period,
        cast(units_per_usd as double) as units_per_usd
    from {{ ref('int_exchange_rates') }}

),

thresholds as (

    select * from {{ ref('int_thresholds') }}

),

counted as (

    select
        items.*,
        vintages.vintage_key,
        vintages.vintage_number,
        vintages.vintage_status
    from items
    inner join vintages
        on
            items.extract_id = vintages.extract_id
            and items.time_period = vintages.time_period
    where vintages.vintage_status = 'IN_FORCE' or vintages.is_previous

),

matched as (

    select
        counted.*,
        declared_rates.units_per_usd as exchange_rate,
        declared_rates.source_code as exchange_rate_source_code,
        revenue_rates.units_per_usd as revenue_exchange_rate,
        thresholds.member_code is not null as has_threshold,
        thresholds.cif_limit_usd,
        thresholds.fob_limit_usd,
        thresholds.intrinsic_limit_usd,
        thresholds.owed_limit_usd
    from counted
    left join declared_rates
        on
            counted.declared_currency_code = declared_rates.currency_code
            and counted.time_period = declared_rates.time_period
    left join revenue_rates
        on
            counted.revenue_currency_code = revenue_rates.currency_code
            and counted.time_period = revenue_rates.time_period
    left join thresholds
        on
            counted.member_code = thresholds.member_code
            and counted.channel_code = thresholds.channel_code
            and counted.time_period = thresholds.time_period
            and counted.arrival_date >= thresholds.starts_on
            and counted.arrival_date < thresholds.ends_on

),

converted as (

    select
        *,
        declared_value / exchange_rate as exact_value_usd,
        case
            when duty_amount is not null or tax_amount is not null
                then (coalesce(duty_amount, 0) + coalesce(tax_amount, 0)) / revenue_exchange_rate
        end as exact_owed_usd,
        try_cast(declared_value / exchange_rate as decimal(18, 2)) as declared_value_usd,
        try_cast(duty_amount / revenue_exchange_rate as decimal(18, 2)) as duty_usd,
        try_cast(tax_amount / revenue_exchange_rate as decimal(18, 2)) as tax_usd,
        try_cast(fee_amount / revenue_exchange_rate as decimal(18, 2)) as fee_usd
    from matched

),

-- An amount is compared with a line of its own basis; against a line of another basis nothing can be said.
classified as (

    select
        *,
        {{ value_band_code('declared_value_usd') }} as value_band_code,
        declared_value_usd <= 100 as is_le_100_usd,
        case
            when has_threshold
                then
                    (
                        cif_limit_usd is null
                        or case when valuation_basis_code = 'CIF' then exact_value_usd <= cif_limit_usd end
                    )
                    and (
                        fob_limit_usd is null
                        or case when valuation_basis_code = 'FOB' then exact_value_usd <= fob_limit_usd end
                    )
                    and (
                        intrinsic_limit_usd is null
                        or case when valuation_basis_code = 'INTRINSIC' then exact_value_usd <= intrinsic_limit_usd end
                    )
                    and (owed_limit_usd is null or exact_owed_usd <= owed_limit_usd)
        end as is_le_de_minimis,
        coalesce(origin_country_code, consignment_country_code, '_U') as counterpart_code
    from converted

),

final as (

    select
        extract_id,
        source_row,
        member_code,
        time_period,
        stream_code,
        item_id,
        channel_code,
        customs_office_code,
        port_code,
        origin_country_code,
        consignment_country_code,
        counterpart_code,
        hs_code,
        hs_edition,
        goods_description,
        declared_value,
        declared_currency_code,
        valuation_basis_code,
        exchange_rate,
        exchange_rate_source_code,
        declared_value_usd,
        value_band_code,
        is_le_100_usd,
        is_le_de_minimis,
        duty_amount,
        tax_amount,
        fee_amount,
        revenue_currency_code,
        duty_usd,
        tax_usd,
        fee_usd,
        gross_mass_kg,
        pieces_count,
        posted_at,
        advance_data_at,
        arrival_date,
        lodgement_at,
        release_at,
        declaration_type_code,
        selectivity_lane_code,
        is_inspected,
        inspection_result_code,
        outcome_code,
        rule_ids,
        vintage_key,
        vintage_number,
        vintage_status
    from classified

)

select * from final
