{#- What DuckDB says in its own way. Another engine is served by a macro of the same name with its prefix. -#}

{% macro months_between(first_month, last_month) %}
    {{- adapter.dispatch('months_between')(first_month, last_month) -}}
{% endmacro %}

{#- One row for each month from the first to the last, both dates of a first day. -#}
{% macro duckdb__months_between(first_month, last_month) -%}
    unnest(generate_series({{ first_month }}, {{ last_month }}, interval 1 month))::date
{%- endmacro %}

{% macro days_between(first_day, last_day) %}
    {{- adapter.dispatch('days_between')(first_day, last_day) -}}
{% endmacro %}

{#- One row for each day from the first to the last. -#}
{% macro duckdb__days_between(first_day, last_day) -%}
    unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day))::date
{%- endmacro %}

{% macro exact_distinct(column) %}
    {{- adapter.dispatch('exact_distinct')(column) -}}
{% endmacro %}

{#- Over 64-bit hashes: a third of the memory of the texts. Two of a million texts meet once in 37 million cases. -#}
{% macro duckdb__exact_distinct(column) -%}
    count(distinct hash({{ column }}))
{%- endmacro %}

{% macro product_of(column) %}
    {{- adapter.dispatch('product_of')(column) -}}
{% endmacro %}

{% macro duckdb__product_of(column) -%}
    product({{ column }})
{%- endmacro %}

{% macro has_landed_items() %}
    {{- return(adapter.dispatch('has_landed_items')()) -}}
{% endmacro %}

{#- DuckDB refuses to read a pattern that no file answers to: the state before the first extract. -#}
{% macro duckdb__has_landed_items() %}
    {%- if not execute -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set found = run_query("select 1 from glob('" ~ var('landing_dir') ~ "/items/*/*/*.parquet') limit 1") -%}
    {{ return(found.rows | length > 0) }}
{% endmacro %}

{#- The columns of the item contract, as the source declares them, and no row. -#}
{% macro no_landed_items() %}
    {%- set source_id = 'source.' ~ project_name ~ '.landing.items' -%}
    select
    {%- for column in graph.sources[source_id].columns.values() %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
    where false
{% endmacro %}

{% macro utc_offset_minutes(time_zone, day) %}
    {{- adapter.dispatch('utc_offset_minutes')(time_zone, day) -}}
{% endmacro %}

{#- At noon of the day in UTC: the clocks change at night. -#}
{% macro duckdb__utc_offset_minutes(time_zone, day) -%}
    date_diff(
        'minute',
        {{ day }} + interval 12 hour,
        timezone({{ time_zone }}, timezone('UTC', {{ day }} + interval 12 hour))
    )
{%- endmacro %}
