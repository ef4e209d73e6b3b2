{% for indicator_model in var('indicator_models') %}
{{ indicator_link(indicator_model) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
