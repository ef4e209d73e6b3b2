{#-
    The columns that every indicator has (macros/long_table.sql), from rows of int_series_figures: months that may lie ahead,
    and so are no periods of the region, with a status of their own.
-#}
{% macro series_long_table(figures, indicator_code, unit_measure) %}
    select
        cast('{{ indicator_code }}' as varchar) as indicator_code,
        member_code,
        channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        'M' as frequency,
        time_period,
        round(obs_value, 6) as obs_value,
        cast('{{ unit_measure }}' as varchar) as unit_measure,
        cast(0 as integer) as unit_mult,
        obs_status,
        'F' as conf_status,
        cast(null as double) as coverage_pct,
        cast(null as double) as revision_lower,
        cast(null as double) as revision_upper,
        round(model_lower, 6) as model_lower,
        round(model_upper, 6) as model_upper,
        cast(base_items as bigint) as base_items,
        cast(base_members as integer) as base_members,
        cast(null as bigint) as counted_items
    from {{ figures }}
{% endmacro %}
