{#- How many periods of a frequency make so many years. -#}
{% macro periods_in_years(frequency, years) -%}
    case {{ frequency }} when 'M' then {{ 12 * years }} when 'Q' then {{ 4 * years }} else {{ years }} end
{%- endmacro %}
