{#-
    The value band of an amount in US dollars. The bounds stand in one place, the seed value_bands, and are compiled into
    the statement: a join by range would cost more than all the rest of the valuation.
-#}
{% macro value_band_code(amount) %}
    {#- The call says that the model depends on the seed; in a unit test it names a fixture, so the table is looked up. -#}
    {%- do ref('value_bands') -%}
    {%- set value_bands = adapter.get_relation(target.database, target.schema, 'value_bands') if execute -%}
    {%- if not value_bands -%}
        {{ return("cast(null as varchar)") }}
    {%- endif -%}
    {%- set query %}
        select
            value_band_code,
            upper_usd_inclusive
        from {{ value_bands }}
        where lower_usd_exclusive is not null or upper_usd_inclusive is not null
        order by sort_order
    {%- endset -%}
    case
        when {{ amount }} is null then '_U'
        {%- for band in run_query(query).rows %}
        {%- if band[1] is not none %}
        when {{ amount }} <= {{ band[1] }} then '{{ band[0] }}'
        {%- else %}
        else '{{ band[0] }}'
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}
