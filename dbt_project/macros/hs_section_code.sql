{#-
    The section of the Harmonized System that a commodity code belongs to, by its chapter. The chapters stand in one
    place, the seed hs_sections, and are compiled into the statement; no section: '_U'.
-#}
{% macro hs_section_code(hs_code) %}
    {#- The call says that the model depends on the seed; in a unit test it names a fixture, so the table is looked up. -#}
    {%- do ref('hs_sections') -%}
    {%- set hs_sections = adapter.get_relation(target.database, target.schema, 'hs_sections') if execute -%}
    {%- if not hs_sections -%}
        {{ return("cast(null as varchar)") }}
    {%- endif -%}
    {%- set query %}
        select
            commodity_code,
            last_chapter
        from {{ hs_sections }}
        where last_chapter is not null
        order by sort_order
    {%- endset -%}
    {%- set chapter = "try_cast(left(" ~ hs_code ~ ", 2) as integer)" -%}
    case
        when {{ chapter }} is null or {{ chapter }} < 1 then '_U'
        {%- for section in run_query(query).rows %}
        when {{ chapter }} <= {{ section[1] }} then '{{ section[0] }}'
        {%- endfor %}
        else '_U'
    end
{%- endmacro %}
