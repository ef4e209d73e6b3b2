{%- set texts = [
    'title_en',
    'title_fr',
    'definition_en',
    'definition_fr',
    'formula',
    'unit_measure',
    'numerator',
    'denominator',
    'standard',
    'limits_en',
    'limits_fr',
] -%}
{%- for indicator_model in var('indicator_models') %}
select
    '{{ indicator_model[4:] | upper }}' as indicator_code,
    {% for text in texts %}
    cast('{{ indicator_text(indicator_model, text) }}' as varchar) as {{ text }}{{ "," if not loop.last }}
    {% endfor %}
{% if not loop.last %}union all{% endif %}
{%- endfor %}
