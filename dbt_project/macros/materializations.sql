{#-
    dbt's own way to a table, for an engine whose statements of definition are transactions: the new table takes the place
    of the old one in the transaction that makes it, by one statement. dbt's moves the old one aside, the new one in and
    drops the old, each by a macro with a context of its own: a third of what a small table costs.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set new_relation = make_intermediate_relation(target_relation) -%}
    {%- set standing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main', language=model['language']) -%}
        {{ create_table_as(False, new_relation, compiled_code, model['language']) }}
    {%- endcall %}

    {% call statement('take_the_place') -%}
        {% if standing_relation -%}
            drop {{ standing_relation.type }} {{ standing_relation }};
        {%- endif %}
        alter table {{ new_relation }} rename to {{ target_relation.identifier }};
    {%- endcall %}

    {{ run_hooks(post_hooks) }}

    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
