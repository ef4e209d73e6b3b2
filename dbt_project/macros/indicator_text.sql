{#- One text of the meta in an indicator's .yml, as the inside of a literal. -#}
{% macro indicator_text(indicator_model, text) %}
    {%- if execute -%}
        {%- set meta = graph.nodes['model.' ~ project_name ~ '.' ~ indicator_model].config.meta -%}
        {%- if text not in meta -%}
            {%- do exceptions.raise_compiler_error(indicator_model ~ '.yml: meta has no ' ~ text ~ '; expected a text; write it.') -%}
        {%- endif -%}
        {{- meta[text] | string | trim | replace("'", "''") -}}
    {%- endif -%}
{% endmacro %}
