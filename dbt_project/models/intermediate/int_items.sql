{{ config(materialized='view') }}

with items as (

    select * from {{ ref('int_valued_items') }}
    where vintage_status = 'IN_FORCE'

),

rates as (

    select
        currency_code,
        time_period,
        cast(units_per_usd as double) as units_per_usd
    from {{ ref('int_exchange_rates') }}

),

thresholds as (

    select * from {{ ref('int_thresholds') }}

),

member_spans as (

    select * from {{ ref('int_member_spans') }}

),

matched as (

    select
        items.*,
        rates.units_per_usd as revenue_exchange_rate,
        thresholds.member_code is not null as has_threshold,
        thresholds.cif_limit_usd,
        thresholds.fob_limit_usd,
        thresholds.intrinsic_limit_usd,
        thresholds.owed_limit_usd,
        member_spans.utc_offset_minutes,
        member_spans.tax_rate_pct
    from items
    left join rates
        on
            items.revenue_currency_code = rates.currency_code
            and items.time_period = rates.time_period
    left join thresholds
        on
            items.member_code = thresholds.member_code
            and items.channel_code = thresholds.channel_code
            and items.time_period = thresholds.time_period
            and items.arrival_date >= thresholds.starts_on
            and items.arrival_date < thresholds.ends_on
    left join member_spans
        on
            items.member_code = member_spans.member_code
            and items.time_period = member_spans.time_period
            and items.arrival_date >= member_spans.starts_on
            and items.arrival_date < member_spans.ends_on

),

converted as (

    select
        *,
        case
            when duty_amount is not null or tax_amount is not null
                then (coalesce(duty_amount, 0) + coalesce(tax_amount, 0)) / revenue_exchange_rate
        end as exact_owed_usd,
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
        coalesce(origin_country_code, consignment_country_code, '_U') as counterpart_code,
        {{ hs_section_code('hs_code') }} as commodity_code,
        date_diff('day', {{ local_day('advance_data_at') }}, arrival_date) as advance_days,
        date_diff('day', arrival_date, {{ local_day('release_at') }}) as release_days,
        case when release_at >= lodgement_at then date_diff('minute', lodgement_at, release_at) / 60 end
            as release_hours
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
        commodity_code,
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
        case when is_le_de_minimis then try_cast(declared_value_usd * tax_rate_pct / 100 as decimal(18, 2)) end
            as relieved_tax_usd,
        gross_mass_kg,
        pieces_count,
        posted_at,
        advance_data_at,
        arrival_date,
        lodgement_at,
        release_at,
        advance_days,
        release_days,
        release_hours,
        declaration_type_code,
        selectivity_lane_code,
        is_inspected,
        inspection_result_code,
        outcome_code,
        rule_ids,
        vintage_number
    from classified

)

select * from final
