with levels as (

    select * from {{ ref('int_item_levels') }}
    where channel_code = '_T' and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

populations as (

    select
        member_code,
        calendar_year,
        population,
        lead(calendar_year) over (partition by member_code order by calendar_year) as next_year
    from {{ ref('population') }}

),

-- The estimate of the year, or the last one before it.
members as (

    select
        levels.member_code,
        levels.time_period,
        levels.is_complete,
        levels.items,
        populations.population
    from levels
    left join populations
        on
            levels.member_code = populations.member_code
            and cast(left(levels.time_period, 4) as integer) >= populations.calendar_year
            and (
                populations.next_year is null
                or cast(left(levels.time_period, 4) as integer) < populations.next_year
            )
    where levels.member_code <> '_T'

),

member_figures as (

    select
        member_code,
        time_period,
        1000 * cast(items as double) / population as obs_value,
        false as is_estimated,
        100 as coverage_pct,
        items as base_items,
        1 as base_members
    from members

),

-- Who knows the region's items works out those of the members without a population: they are few, and a side of it.
region_figures as (

    select
        '_T' as member_code,
        time_period,
        1000 * cast(sum(case when population is not null then items end) as double)
        / sum(case when is_complete then population end) as obs_value,
        not bool_and(is_complete) as is_estimated,
        case
            when bool_and(is_complete)
                then 100 * cast(sum(case when population is not null then items end) as double) / nullif(sum(items), 0)
        end as coverage_pct,
        least(
            nullif(sum(case when population is not null then items end), 0),
            nullif(sum(case when population is null then items end), 0)
        ) as base_items,
        least(
            nullif(count(case when population is not null and items > 0 then 1 end), 0),
            nullif(count(case when population is null and items > 0 then 1 end), 0)
        ) as base_members
    from members
    group by time_period

),

together as (

    select * from member_figures
    union all by name
    select * from region_figures

),

figures as (

    select
        *,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code
    from together

),

final as (

    {{ long_table('figures', 'ITEMS_PER_1000', 'PER_1000', coverage='coverage_pct') }}

)

select * from final
