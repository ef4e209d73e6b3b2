{#- The day on which a moment (UTC) fell for the member, by the offset that its clocks had on the day of arrival. -#}
{% macro local_day(moment) -%}
    cast({{ moment }} + utc_offset_minutes * interval 1 minute as date)
{%- endmacro %}
