{#-
    The matched, chained index of items on a base of whole years, for long_table: the mean of the base is 100. A series that
    does not have every period of the base has no such index.
-#}
{% macro index_with_base(first_year, last_year) %}
    select
        chains.member_code,
        chains.channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        chains.time_period,
        100 * chains.items_index / nullif(bases.items_index, 0) as obs_value,
        false as is_estimated,
        chains.base_items,
        chains.base_members
    from {{ ref('int_item_chains') }} as chains
    inner join (
        select
            member_code,
            channel_code,
            frequency,
            avg(items_index) as items_index
        from {{ ref('int_item_chains') }}
        where cast(left(time_period, 4) as integer) between {{ first_year }} and {{ last_year }}
        group by member_code, channel_code, frequency
        having count(items_index) = {{ last_year - first_year + 1 }} * {{ periods_in_years('frequency', 1) }}
    ) as bases
        on
            chains.member_code = bases.member_code
            and chains.channel_code = bases.channel_code
            and chains.frequency = bases.frequency
{% endmacro %}
