with busiest_ports as (

    select * from {{ ref('int_busiest_ports') }}

),

figures as (

    select
        member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        p95_day_items as obs_value,
        not is_complete as is_estimated,
        p95_day_items as base_items,
        base_members
    from busiest_ports

),

final as (

    {{ long_table('figures', 'DAY_P95_ITEMS', 'NUMBER') }}

)

select * from final
