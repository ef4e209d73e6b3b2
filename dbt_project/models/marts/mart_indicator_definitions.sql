{% for indicator_model in var('indicator_models') %}
select
    '{{ indicator_model[4:] | upper }}' as indicator_code,
    '{{ indicator_text(indicator_model, "indicator_group") }}' as indicator_group,
    '{{ indicator_text(indicator_model, "title_en") }}' as title_en,
    '{{ indicator_text(indicator_model, "title_fr") }}' as title_fr,
    '{{ indicator_text(indicator_model, "definition_en") }}' as definition_en,
    '{{ indicator_text(indicator_model, "definition_fr") }}' as definition_fr,
    '{{ indicator_text(indicator_model, "formula") }}' as formula,
    '{{ indicator_text(indicator_model, "unit_measure") }}' as unit_measure,
    '{{ indicator_text(indicator_model, "numerator") }}' as numerator,
    '{{ indicator_text(indicator_model, "denominator") }}' as denominator,
    '{{ indicator_text(indicator_model, "standard") }}' as standard,
    '{{ indicator_text(indicator_model, "limits_en") }}' as limits_en,
    '{{ indicator_text(indicator_model, "limits_fr") }}' as limits_fr
{% if not loop.last %}union all{% endif %}
{% endfor %}
