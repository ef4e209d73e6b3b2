{% for indicator_model in var('indicator_models') %}
select * from {{ ref(indicator_model) }}
{% if not loop.last %}union all by name{% endif %}
{% endfor %}
