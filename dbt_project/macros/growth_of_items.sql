{#-
    Growth of the matched, chained index of items in per cent, for long_table: by member, the region and its channels.

        periods_back    SQL over later.frequency: how many periods before the base of the comparison lies
        frequencies     of which there is such a growth

    Of the region, coverage_pct is the share of the earlier end that the thinnest link in between is matched over, rounded
    down to fives: to the last digit it would give away how many items a member had in the month before it went missing.
-#}
{% macro growth_of_items(periods_back, frequencies=['M', 'Q', 'A']) %}
    select
        later.member_code,
        later.channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        later.time_period,
        100 * (later.items_index / nullif(earlier.items_index, 0) - 1) as obs_value,
        false as is_estimated,
        links.coverage_pct,
        least(later.base_items, earlier.base_items) as base_items,
        least(later.base_members, earlier.base_members) as base_members
    from {{ ref('int_item_chains') }} as later
    inner join {{ ref('int_item_chains') }} as earlier
        on
            later.member_code = earlier.member_code
            and later.channel_code = earlier.channel_code
            and later.frequency = earlier.frequency
            and later.period_number = earlier.period_number + {{ periods_back }}
    left join (
        select
            later.member_code,
            later.channel_code,
            later.frequency,
            later.period_number,
            floor(min(links.link_coverage_pct) / 5) * 5 as coverage_pct
        from {{ ref('int_item_chains') }} as later
        inner join {{ ref('int_item_chains') }} as links
            on
                later.member_code = links.member_code
                and later.channel_code = links.channel_code
                and later.frequency = links.frequency
                and later.period_number >= links.period_number
                and later.period_number < links.period_number + {{ periods_back }}
        where later.member_code = '_T'
        group by later.member_code, later.channel_code, later.frequency, later.period_number
    ) as links
        on
            later.member_code = links.member_code
            and later.channel_code = links.channel_code
            and later.frequency = links.frequency
            and later.period_number = links.period_number
    where later.frequency in ('{{ frequencies | join("', '") }}')
{% endmacro %}
