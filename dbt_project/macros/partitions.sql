{#-
    The models that read items are kept by partition: one member, one month of arrival.

    int_partitions says what each partition should be made of (partition_fingerprint); a row of such a model carries
    the fingerprint that it was made of. A run deletes what carries another fingerprint, or belongs to a partition that
    is no more, and reads only the files of the partitions that are then not there: their names are compiled into the
    statement as literals, which is what lets the engine leave all other files closed.
-#}

{% macro delete_stale_partitions() %}
    {%- if is_incremental() %}
    delete from {{ this }} as stored
    where
        not exists (
            select 1
            from {{ ref('int_partitions') }} as wanted
            where
                wanted.member_code = stored.member_code
                and wanted.time_period = stored.time_period
                and wanted.partition_fingerprint = stored.partition_fingerprint
        )
    {%- endif %}
{% endmacro %}

{% macro is_in_changed_partition() %}
    {%- if not (execute and is_incremental()) -%}
        {{ return('true') }}
    {%- endif -%}
    {%- set query %}
        select
            wanted.member_code,
            wanted.time_period
        from {{ ref('int_partitions') }} as wanted
        where
            not exists (
                select 1
                from {{ this }} as stored
                where
                    stored.member_code = wanted.member_code
                    and stored.time_period = wanted.time_period
                    and stored.partition_fingerprint = wanted.partition_fingerprint
            )
        order by wanted.member_code, wanted.time_period
    {%- endset -%}
    {%- set periods_of_members = {} -%}
    {%- for partition in run_query(query).rows -%}
        {%- do periods_of_members.setdefault(partition[0], []).append("'" ~ partition[1] ~ "'") -%}
    {%- endfor -%}
    {%- if not periods_of_members -%}
        {{ return('false') }}
    {%- endif -%}
    {%- set predicates = [] -%}
    {%- for member_code, periods in periods_of_members.items() -%}
        {%- do predicates.append("(member_code = '" ~ member_code ~ "' and time_period in (" ~ periods | join(", ") ~ "))") -%}
    {%- endfor -%}
    {{ return("(" ~ predicates | join(" or ") ~ ")") }}
{% endmacro %}
