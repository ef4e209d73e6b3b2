{#-
    The figures of a share of items in per cent, for long_table: by member and the region, in all and by channel.

        numerator, denominator    measures of int_item_levels: of what is counted, the items that are so
        asked                     the items of which it could have been said: coverage_pct is the share of them that
                                  the denominator has; null for a region with a gap, whose items nobody knows

    Without an item in the denominator there is no share. base_items is the smaller of the two sides, counted_items the
    numerator as it is, which the share has to six decimals only; a region stands on the members that have the denominator.
-#}
{% macro share_of_items(numerator, denominator, asked='items') %}
    select
        member_code,
        channel_code,
        value_band_code,
        counterpart_code,
        commodity_code,
        time_period,
        100 * cast({{ numerator }} as double) / nullif({{ denominator }}, 0) as obs_value,
        not is_complete as is_estimated,
        case when is_complete then 100 * cast({{ denominator }} as double) / nullif({{ asked }}, 0) end as coverage_pct,
        least(nullif({{ numerator }}, 0), nullif({{ denominator }} - {{ numerator }}, 0)) as base_items,
        case when {{ denominator }} > 0 then {{ numerator }} end as counted_items,
        case
            when member_code = '_T'
                then
                    count(case when member_code <> '_T' and {{ denominator }} > 0 then 1 end)
                        over (partition by channel_code, time_period)
            else base_members
        end as base_members
    from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
{% endmacro %}
