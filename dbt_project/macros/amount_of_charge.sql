{#-
    The figures of a charge (DUTY, TAX, FEE or ALL of int_charges) in US dollars, for long_table: by member and the
    region, in all and by channel.
-#}
{% macro amount_of_charge(charge_code) %}
    select
        member_code,
        channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        amount_usd as obs_value,
        false as is_estimated,
        coverage_pct,
        base_items,
        base_members
    from {{ ref('int_charges') }}
    where charge_code = '{{ charge_code }}'
{% endmacro %}
