{% macro is_working_day(day) %}
    {{- adapter.dispatch('is_working_day')(day) -}}
{% endmacro %}

{#- Monday to Friday; no public holiday is known. -#}
{% macro duckdb__is_working_day(day) -%}
    isodow({{ day }}) <= 5
{%- endmacro %}
