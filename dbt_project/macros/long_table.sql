{#-
    The columns that every indicator has, from a CTE of figures with

        member_code, channel_code, value_band_code, counterpart_code   '_T' for a total, member '_T' for the region
        time_period
        obs_value         null where the figure is missing or withheld
        is_estimated      the figure stands on the members that reported, for a region that is not complete
        base_items        the smallest positive number of items behind the figure; null where no items are behind it
        base_members      the members behind the figure

    obs_status: M no figure, P one of the last three periods, E estimated, A normal.
-#}
{% macro long_table(figures, indicator_code, unit_measure) %}
    select
        cast('{{ indicator_code }}' as varchar) as indicator_code,
        {{ figures }}.member_code,
        {{ figures }}.channel_code,
        {{ figures }}.value_band_code,
        {{ figures }}.counterpart_code,
        cast('M' as varchar) as frequency,
        {{ figures }}.time_period,
        round(cast({{ figures }}.obs_value as double), 6) as obs_value,
        cast('{{ unit_measure }}' as varchar) as unit_measure,
        cast(0 as integer) as unit_mult,
        case
            when {{ figures }}.obs_value is null then 'M'
            when periods.is_provisional then 'P'
            when {{ figures }}.is_estimated then 'E'
            else 'A'
        end as obs_status,
        cast('F' as varchar) as conf_status,
        cast(case when {{ figures }}.obs_value is not null then {{ figures }}.base_items end as bigint) as base_items,
        cast(case when {{ figures }}.obs_value is not null then {{ figures }}.base_members end as integer) as base_members
    from {{ figures }}
    inner join {{ ref('int_periods') }} as periods on {{ figures }}.time_period = periods.time_period
{% endmacro %}
