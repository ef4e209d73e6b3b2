with cube as (

    select * from {{ ref('mart_item_cube') }}

),

member_coverage as (

    select * from {{ ref('int_member_coverage') }}

),

complete_months as (

    select
        member_code,
        time_period
    from member_coverage
    where is_complete

),

gaps as (

    select
        member_code,
        time_period
    from member_coverage
    where is_gap

),

-- A month in which nothing came has no row in the cube, and stays as one row without a channel.
counted as (

    select
        complete_months.member_code,
        complete_months.time_period,
        cube.channel_code,
        cube.value_band_code,
        cube.counterpart_code,
        cube.items,
        cube.items_valued,
        cube.declared_value_usd,
        cube.items_le_100,
        cube.items_with_de_minimis,
        cube.items_le_de_minimis,
        cube.items_with_duty,
        cube.items_charged_duty,
        cube.duty_usd,
        cube.items_with_tax,
        cube.items_charged_tax,
        cube.tax_usd
    from complete_months
    left join cube
        on
            complete_months.member_code = cube.member_code
            and complete_months.time_period = cube.time_period

),

cells as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        time_period,
        case when grouping(channel_code) = 1 then '_T' else channel_code end as channel_code,
        case when grouping(value_band_code) = 1 then '_T' else value_band_code end as value_band_code,
        case when grouping(counterpart_code) = 1 then '_T' else counterpart_code end as counterpart_code,
        coalesce(sum(items), 0) as items,
        coalesce(sum(items_valued), 0) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        coalesce(sum(items_le_100), 0) as items_le_100,
        coalesce(sum(items_with_de_minimis), 0) as items_with_de_minimis,
        coalesce(sum(items_le_de_minimis), 0) as items_le_de_minimis,
        coalesce(sum(items_with_duty), 0) as items_with_duty,
        coalesce(sum(items_charged_duty), 0) as items_charged_duty,
        sum(duty_usd) as duty_usd,
        coalesce(sum(items_with_tax), 0) as items_with_tax,
        coalesce(sum(items_charged_tax), 0) as items_charged_tax,
        sum(tax_usd) as tax_usd,
        count(distinct member_code) as base_members
    from counted
    group by grouping sets (
        (member_code, time_period),
        (member_code, time_period, channel_code),
        (member_code, time_period, value_band_code),
        (member_code, time_period, channel_code, value_band_code),
        (member_code, time_period, counterpart_code),
        (time_period),
        (time_period, channel_code),
        (time_period, value_band_code),
        (time_period, channel_code, value_band_code),
        (time_period, counterpart_code)
    )

),

present as (

    select * from cells
    where
        channel_code is not null
        and value_band_code is not null
        and counterpart_code is not null

),

-- What is not there is said for the whole of a member's month, not for each cell of it.
absent as (

    select
        member_code,
        time_period,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code
    from gaps

),

together as (

    select * from present
    union all by name
    select * from absent

),

regions_with_gaps as (

    select distinct time_period from gaps

),

final as (

    select
        together.member_code,
        together.channel_code,
        together.value_band_code,
        together.counterpart_code,
        together.time_period,
        together.items is not null
        and (together.member_code <> '_T' or regions_with_gaps.time_period is null) as is_complete,
        together.base_members,
        cast(together.items as bigint) as items,
        cast(together.items_valued as bigint) as items_valued,
        together.declared_value_usd,
        cast(together.items_le_100 as bigint) as items_le_100,
        cast(together.items_with_de_minimis as bigint) as items_with_de_minimis,
        cast(together.items_le_de_minimis as bigint) as items_le_de_minimis,
        cast(together.items_with_duty as bigint) as items_with_duty,
        cast(together.items_charged_duty as bigint) as items_charged_duty,
        together.duty_usd,
        cast(together.items_with_tax as bigint) as items_with_tax,
        cast(together.items_charged_tax as bigint) as items_charged_tax,
        together.tax_usd
    from together
    left join regions_with_gaps on together.time_period = regions_with_gaps.time_period

)

select * from final
