{#-
    The figures of a quantile over items (int_quantiles), for long_table: by member and the region, in all and by channel.

        measure_code    RELEASE_DAYS, RELEASE_HOURS or ADVANCE_DAYS
        quantile        median or p90

    A member whose data cannot carry the measure is missing: it has items, and no quantile. coverage_pct is the share of
    all items that have the measure; null for a region with a gap, whose items nobody knows.
-#}
{% macro quantile_of_items(measure_code, quantile) %}
    select
        levels.member_code,
        levels.channel_code,
        levels.value_band_code,
        levels.counterpart_code,
        levels.commodity_code,
        levels.time_period,
        quantiles.{{ quantile }} as obs_value,
        not levels.is_complete as is_estimated,
        case when levels.is_complete then 100 * cast(quantiles.items as double) / nullif(levels.items, 0) end
            as coverage_pct,
        quantiles.items as base_items,
        quantiles.base_members
    from {{ ref('int_item_levels') }} as levels
    left join {{ ref('int_quantiles') }} as quantiles
        on
            levels.member_code = quantiles.member_code
            and levels.channel_code = quantiles.channel_code
            and levels.time_period = quantiles.time_period
            and quantiles.measure_code = '{{ measure_code }}'
    where
        levels.value_band_code = '_T'
        and levels.counterpart_code = '_T'
        and levels.commodity_code = '_T'
{% endmacro %}
