{{ config(materialized='view') }}

with source as (

    {% if has_landed_items() %}
    select * from {{ source('landing', 'items') }}
    {% else %}
    {{ no_landed_items() }}
    {% endif %}

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
        hs_code,
        hs_edition,
        goods_description,
        declared_value,
        declared_currency_code,
        valuation_basis_code,
        duty_amount,
        tax_amount,
        fee_amount,
        revenue_currency_code,
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
        rule_ids
    from source

)

select * from final
