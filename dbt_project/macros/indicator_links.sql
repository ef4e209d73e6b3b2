{#-
    What an indicator's figures are computed from, as its .yml declares it under `disclosure`: one row for
    mart_indicator_links. Disclosure control hides a figure with what it is computed from, and the attack on a
    publication takes it for an equation, both by these words alone. So an indicator without them stops the build, and so
    does a word that is not known.

        kind            what else it has to say
        SUM             parts: other SUMs that make it up (optional). A sum over items that adds up over members, channels,
                        bands, partner countries, sections and months
        RATIO           of, by: 100, 1 or any number times one SUM divided by another, both of the same cell; bands: of these
                        value bands only (optional)
        SHARE           by: the items that have something that no SUM counts, in per cent of those of which it is known
        SHARE_OF_TOTAL  of: the cell in per cent of the member's, or the region's, total
        MULTIPLE        of: a SUM times or divided by what everybody knows (people, working days)
        GROWTH          of, and years or months: against the period so long before
        INDEX           of: against the first period of the series
        MOVING_SUM      of, months: over so many months up to this one
        STATISTIC       of, span: anything else that is computed from items; hidden where a cell of `of` is that lies in
                        CELL (the same cell), SERIES (any month of the same series) or PARTS (any cell of the member, or
                        the region, in the period); years: and in that cell so many years before (optional)
        STATUS          says nothing of items
-#}
{% macro indicator_link(indicator_model) %}
    {%- if execute -%}
        {%- set meta = graph.nodes['model.' ~ project_name ~ '.' ~ indicator_model].config.meta -%}
        {%- set wanted = {
            'SUM': [],
            'RATIO': ['of', 'by'],
            'SHARE': ['by'],
            'SHARE_OF_TOTAL': ['of'],
            'MULTIPLE': ['of'],
            'GROWTH': ['of', 'months' if 'months' in (meta.get('disclosure') or {}) else 'years'],
            'INDEX': ['of'],
            'MOVING_SUM': ['of', 'months'],
            'STATISTIC': ['of', 'span'],
            'STATUS': [],
        } %}
        {%- set allowed = {'SUM': ['parts'], 'RATIO': ['bands'], 'STATISTIC': ['years']} %}
        {%- set link = meta.get('disclosure') or {} -%}
        {%- set kind = link.get('kind') -%}
        {%- if kind not in wanted -%}
            {%- do exceptions.raise_compiler_error(
                indicator_model ~ '.yml: meta has no disclosure of a known kind; expected one of '
                ~ wanted | join(', ') ~ '; write what the figure is computed from (macros/indicator_links.sql).'
            ) -%}
        {%- endif -%}
        {%- for word in wanted[kind] if word not in link -%}
            {%- do exceptions.raise_compiler_error(
                indicator_model ~ '.yml: disclosure of kind ' ~ kind ~ ' has no ' ~ word ~ '; write it.'
            ) -%}
        {%- endfor -%}
        {%- for word in link if word not in ['kind'] + wanted[kind] + allowed.get(kind, []) -%}
            {%- do exceptions.raise_compiler_error(
                indicator_model ~ '.yml: disclosure of kind ' ~ kind ~ ' has ' ~ word ~ ', which it cannot have.'
            ) -%}
        {%- endfor -%}
        {%- if link.get('span', 'CELL') not in ['CELL', 'SERIES', 'PARTS'] -%}
            {%- do exceptions.raise_compiler_error(
                indicator_model ~ '.yml: disclosure has the span ' ~ link['span'] ~ '; expected CELL, SERIES or PARTS.'
            ) -%}
        {%- endif -%}
        {%- set sums = graph.nodes.values() | selectattr('name', 'in', var('indicator_models'))
            | selectattr('config.meta.disclosure.kind', 'defined')
            | selectattr('config.meta.disclosure.kind', 'equalto', 'SUM')
            | map(attribute='name') | map('upper') | list -%}
        {%- for code in [link.get('of'), link.get('by')] + link.get('parts', []) if code and 'IND_' ~ code not in sums -%}
            {%- do exceptions.raise_compiler_error(
                indicator_model ~ '.yml: disclosure names ' ~ code ~ '; expected the code of an indicator of kind SUM.'
            ) -%}
        {%- endfor -%}
    select
        cast('{{ indicator_model[4:] | upper }}' as varchar) as indicator_code,
        cast('{{ kind }}' as varchar) as kind,
        cast({{ "'" ~ link['of'] ~ "'" if 'of' in link else 'null' }} as varchar) as of_code,
        cast({{ "'" ~ link['by'] ~ "'" if 'by' in link else 'null' }} as varchar) as by_code,
        cast({{ "'" ~ link['bands'] | join(' ') ~ "'" if 'bands' in link else 'null' }} as varchar) as bands,
        cast({{ "'" ~ link['parts'] | join(' ') ~ "'" if 'parts' in link else 'null' }} as varchar) as parts,
        cast({{ link['years'] if 'years' in link else 'null' }} as integer) as years,
        cast({{ link['months'] if 'months' in link else 'null' }} as integer) as months,
        cast({{ "'" ~ link['span'] ~ "'" if 'span' in link else 'null' }} as varchar) as span
    {%- endif -%}
{% endmacro %}
