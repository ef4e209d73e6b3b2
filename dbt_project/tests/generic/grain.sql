{#- The columns that name one row of a model: more than one row of the same name is a defect of our SQL. -#}
{% test grain(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
