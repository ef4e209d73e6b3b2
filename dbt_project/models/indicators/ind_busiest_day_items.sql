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
        busiest_day_items as obs_value,
        not is_complete as is_estimated,
        busiest_day_items as base_items,
        base_members
    from busiest_ports

),

final as (

    {{ long_table('figures', 'BUSIEST_DAY_ITEMS', 'NUMBER') }}

)

select * from final
