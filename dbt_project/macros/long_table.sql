{#-
    The columns that every indicator has, from a CTE of figures with

        member_code, channel_code, value_band_code, counterpart_code, commodity_code
                          '_T' for a total, member '_T' for the region
        time_period       2026-03, 2026-Q1 or 2026: it says the frequency
        obs_value         null where the figure is missing or withheld
        is_estimated      the figure stands on the members that reported, for a region that is not complete
        base_items        the smallest positive number of items behind the figure; null where no items are behind it
        base_members      the members behind the figure
        counted_items     where a share counts items (`counted`): how many

    and, where they are named, with columns for

        coverage          the share of the total that was reported, in per cent
        revision          (lower, upper): where nine in ten figures of this kind ended after later reports came
        model             (lower, upper): the interval of a statistical model, nine in ten

    obs_status: M no figure, E estimated, P one of the last three months is in it, A normal.
-#}
{% macro long_table(figures, indicator_code, unit_measure, coverage=none, revision=none, model=none, counted=none) %}
    {%- set lower_and_upper = {
        'revision_lower': revision[0] if revision else none,
        'revision_upper': revision[1] if revision else none,
        'model_lower': model[0] if model else none,
        'model_upper': model[1] if model else none,
    } %}
    select
        cast('{{ indicator_code }}' as varchar) as indicator_code,
        {{ figures }}.member_code,
        {{ figures }}.channel_code,
        {{ figures }}.value_band_code,
        {{ figures }}.counterpart_code,
        {{ figures }}.commodity_code,
        periods.frequency,
        {{ figures }}.time_period,
        round(cast({{ figures }}.obs_value as double), 6) as obs_value,
        cast('{{ unit_measure }}' as varchar) as unit_measure,
        cast(0 as integer) as unit_mult,
        case
            when {{ figures }}.obs_value is null then 'M'
            when {{ figures }}.is_estimated then 'E'
            when periods.is_provisional then 'P'
            else 'A'
        end as obs_status,
        cast('F' as varchar) as conf_status,
        {%- if coverage %}
        round(cast(case when {{ figures }}.obs_value is not null then {{ figures }}.{{ coverage }} end as double), 6)
            as coverage_pct,
        {%- else %}
        cast(null as double) as coverage_pct,
        {%- endif %}
        {%- for name, column in lower_and_upper.items() %}
        {%- if column %}
        round(cast(case when {{ figures }}.obs_value is not null then {{ figures }}.{{ column }} end as double), 6)
            as {{ name }},
        {%- else %}
        cast(null as double) as {{ name }},
        {%- endif %}
        {%- endfor %}
        cast(case when {{ figures }}.obs_value is not null then {{ figures }}.base_items end as bigint) as base_items,
        cast(case when {{ figures }}.obs_value is not null then {{ figures }}.base_members end as integer) as base_members,
        cast({% if counted %}{{ figures }}.{{ counted }}{% else %}null{% endif %} as bigint) as counted_items
    from {{ figures }}
    inner join {{ ref('int_frequency_periods') }} as periods on {{ figures }}.time_period = periods.time_period
{% endmacro %}
