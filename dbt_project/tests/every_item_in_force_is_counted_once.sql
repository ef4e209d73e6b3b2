-- Cube, sections, port days and vintage measures are made of the same items, each by a reading of its own.
with partitions as (

    select
        member_code,
        time_period
    from {{ ref('int_partitions') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

measured as (

    select
        measures.member_code,
        measures.time_period,
        sum(measures.items) as items
    from {{ ref('int_vintage_measures') }} as measures
    inner join vintages
        on
            measures.extract_id = vintages.extract_id
            and measures.time_period = vintages.time_period
    where vintages.vintage_status = 'IN_FORCE'
    group by measures.member_code, measures.time_period

),

in_cube as (

    select
        member_code,
        time_period,
        sum(items) as items
    from {{ ref('mart_item_cube') }}
    group by member_code, time_period

),

in_sections as (

    select
        member_code,
        time_period,
        sum(items) as items
    from {{ ref('mart_section_cube') }}
    group by member_code, time_period

),

in_port_days as (

    select
        member_code,
        time_period,
        sum(items) as items
    from {{ ref('mart_port_days') }}
    group by member_code, time_period

),

final as (

    select
        partitions.member_code,
        partitions.time_period,
        measured.items as items_measured,
        in_cube.items as items_in_cube,
        in_sections.items as items_in_sections,
        in_port_days.items as items_in_port_days
    from partitions
    left join measured
        on
            partitions.member_code = measured.member_code
            and partitions.time_period = measured.time_period
    left join in_cube
        on
            partitions.member_code = in_cube.member_code
            and partitions.time_period = in_cube.time_period
    left join in_sections
        on
            partitions.member_code = in_sections.member_code
            and partitions.time_period = in_sections.time_period
    left join in_port_days
        on
            partitions.member_code = in_port_days.member_code
            and partitions.time_period = in_port_days.time_period
    where
        measured.items is distinct from in_cube.items
        or measured.items is distinct from in_sections.items
        or measured.items is distinct from in_port_days.items

)

select * from final
