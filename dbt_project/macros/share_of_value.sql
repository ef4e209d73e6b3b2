{#-
    The share of the declared value that was given on one valuation basis, for long_table: by member and the region, in all
    and by channel.

        basis       cif, fob or intrinsic

    base_items is the fewest items of any basis, and of those whose basis is not known: who sees all the shares and the sum
    sees the value of each. The region's is that of its members too: their values by basis make the region's.
-#}
{% macro share_of_value(basis) %}
    select
        *,
        100 * cast(coalesce(value_{{ basis }}_usd, 0) as double) / nullif(declared_value_usd, 0) as obs_value,
        not is_complete as is_estimated,
        case
            when is_complete then 100 * cast(items_cif + items_fob + items_intrinsic as double) / nullif(items, 0)
        end as coverage_pct,
        case when member_code = '_T' then min(fewest_items) over one_cell else fewest_items end as base_items,
        case
            when member_code = '_T' then count(case when member_code <> '_T' and items_valued > 0 then 1 end) over one_cell
            else base_members_counted
        end as base_members
    from (
        select
            * exclude (base_members),
            base_members as base_members_counted,
            least(
                nullif(items_cif, 0),
                nullif(items_fob, 0),
                nullif(items_intrinsic, 0),
                nullif(items_valued - items_cif - items_fob - items_intrinsic, 0)
            ) as fewest_items
        from {{ ref('int_item_levels') }}
        where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
    ) as levels
    window one_cell as (partition by channel_code, time_period)
{% endmacro %}
