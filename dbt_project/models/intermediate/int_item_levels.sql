with cube as (

    select * from {{ ref('mart_item_cube') }}

),

section_cube as (

    select * from {{ ref('mart_section_cube') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

-- A month in which nothing came has no row in the cube, and stays as one row: a total of nothing.
counted_months as (

    select
        member_periods.member_code,
        member_periods.frequency,
        member_periods.time_period,
        period_months.month_time_period
    from member_periods
    inner join period_months
        on
            member_periods.frequency = period_months.frequency
            and member_periods.time_period = period_months.time_period
    where member_periods.is_counted

),

-- The cube is read once: quarters, years and the region are sums of what a member has in a month.
month_cells as (

    select
        member_code as member,
        time_period as period,
        case when grouping(channel_code) = 1 then '_T' else channel_code end as channel_code,
        case when grouping(value_band_code) = 1 then '_T' else value_band_code end as value_band_code,
        case when grouping(counterpart_code) = 1 then '_T' else counterpart_code end as counterpart_code,
        sum(items) as items,
        sum(items_valued) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        sum(items_le_100) as items_le_100,
        sum(items_with_de_minimis) as items_with_de_minimis,
        sum(items_le_de_minimis) as items_le_de_minimis,
        sum(items_cif) as items_cif,
        sum(value_cif_usd) as value_cif_usd,
        sum(items_fob) as items_fob,
        sum(value_fob_usd) as value_fob_usd,
        sum(items_intrinsic) as items_intrinsic,
        sum(value_intrinsic_usd) as value_intrinsic_usd,
        sum(items_with_duty) as items_with_duty,
        sum(items_charged_duty) as items_charged_duty,
        sum(duty_usd) as duty_usd,
        sum(items_with_tax) as items_with_tax,
        sum(items_charged_tax) as items_charged_tax,
        sum(tax_usd) as tax_usd,
        sum(items_with_fee) as items_with_fee,
        sum(items_charged_fee) as items_charged_fee,
        sum(fee_usd) as fee_usd,
        sum(items_with_relief) as items_with_relief,
        sum(relieved_tax_usd) as relieved_tax_usd,
        sum(items_with_gross_mass) as items_with_gross_mass,
        sum(gross_mass_kg) as gross_mass_kg,
        sum(items_in_advance) as items_in_advance,
        sum(items_with_declaration_type) as items_with_declaration_type,
        sum(items_simplified) as items_simplified,
        sum(items_with_inspection) as items_with_inspection,
        sum(items_inspected) as items_inspected,
        sum(items_with_result) as items_with_result,
        sum(items_irregular) as items_irregular,
        sum(items_with_outcome) as items_with_outcome,
        sum(items_held) as items_held,
        sum(items_returned) as items_returned,
        sum(items_with_advance_field) as items_with_advance_field
    from cube
    group by grouping sets (
        (member_code, time_period),
        (member_code, time_period, channel_code),
        (member_code, time_period, value_band_code),
        (member_code, time_period, channel_code, value_band_code),
        (member_code, time_period, counterpart_code)
    )

),

counted as (

    select
        counted_months.frequency,
        counted_months.time_period as period,
        counted_months.member_code as member,
        month_cells.* exclude (member, period, channel_code, value_band_code, counterpart_code),
        coalesce(month_cells.channel_code, '_T') as channel_code,
        coalesce(month_cells.value_band_code, '_T') as value_band_code,
        coalesce(month_cells.counterpart_code, '_T') as counterpart_code
    from counted_months
    left join month_cells
        on
            counted_months.member_code = month_cells.member
            and counted_months.month_time_period = month_cells.period

),

counted_sections as (

    select
        counted_months.frequency,
        counted_months.time_period,
        section_cube.member_code,
        section_cube.commodity_code,
        section_cube.items,
        section_cube.items_valued,
        section_cube.declared_value_usd
    from counted_months
    inner join section_cube
        on
            counted_months.member_code = section_cube.member_code
            and counted_months.month_time_period = section_cube.time_period

),

cells as (

    select
        case when grouping(member) = 1 then '_T' else member end as member_code,
        channel_code,
        value_band_code,
        counterpart_code,
        '_T' as commodity_code,
        frequency,
        period as time_period,
        coalesce(sum(items), 0) as items,
        coalesce(sum(items_valued), 0) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        coalesce(sum(items_le_100), 0) as items_le_100,
        coalesce(sum(items_with_de_minimis), 0) as items_with_de_minimis,
        coalesce(sum(items_le_de_minimis), 0) as items_le_de_minimis,
        coalesce(sum(items_cif), 0) as items_cif,
        sum(value_cif_usd) as value_cif_usd,
        coalesce(sum(items_fob), 0) as items_fob,
        sum(value_fob_usd) as value_fob_usd,
        coalesce(sum(items_intrinsic), 0) as items_intrinsic,
        sum(value_intrinsic_usd) as value_intrinsic_usd,
        coalesce(sum(items_with_duty), 0) as items_with_duty,
        coalesce(sum(items_charged_duty), 0) as items_charged_duty,
        sum(duty_usd) as duty_usd,
        coalesce(sum(items_with_tax), 0) as items_with_tax,
        coalesce(sum(items_charged_tax), 0) as items_charged_tax,
        sum(tax_usd) as tax_usd,
        coalesce(sum(items_with_fee), 0) as items_with_fee,
        coalesce(sum(items_charged_fee), 0) as items_charged_fee,
        sum(fee_usd) as fee_usd,
        coalesce(sum(items_with_relief), 0) as items_with_relief,
        sum(relieved_tax_usd) as relieved_tax_usd,
        coalesce(sum(items_with_gross_mass), 0) as items_with_gross_mass,
        sum(gross_mass_kg) as gross_mass_kg,
        coalesce(sum(items_in_advance), 0) as items_in_advance,
        coalesce(sum(items_with_declaration_type), 0) as items_with_declaration_type,
        coalesce(sum(items_simplified), 0) as items_simplified,
        coalesce(sum(items_with_inspection), 0) as items_with_inspection,
        coalesce(sum(items_inspected), 0) as items_inspected,
        coalesce(sum(items_with_result), 0) as items_with_result,
        coalesce(sum(items_irregular), 0) as items_irregular,
        coalesce(sum(items_with_outcome), 0) as items_with_outcome,
        coalesce(sum(items_held), 0) as items_held,
        coalesce(sum(items_returned), 0) as items_returned,
        coalesce(sum(items_with_advance_field), 0) as items_with_advance_field,
        count(distinct member) as base_members
    from counted
    group by grouping sets (
        (frequency, period, channel_code, value_band_code, counterpart_code, member),
        (frequency, period, channel_code, value_band_code, counterpart_code)
    )

),

section_cells as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        commodity_code,
        frequency,
        time_period,
        sum(items) as items,
        sum(items_valued) as items_valued,
        sum(declared_value_usd) as declared_value_usd,
        count(distinct member_code) as base_members
    from counted_sections
    group by grouping sets (
        (frequency, time_period, member_code, commodity_code),
        (frequency, time_period, commodity_code)
    )

),

-- What is not there is said for the whole of a member's period, not for each cell of it.
absent as (

    select
        member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        frequency,
        time_period
    from member_periods
    where is_gap

),

together as (

    select * from cells
    union all by name
    select * from section_cells
    union all by name
    select * from absent

),

regions_with_gaps as (

    select distinct
        frequency,
        time_period
    from member_periods
    where is_gap

),

final as (

    select
        together.member_code,
        together.channel_code,
        together.value_band_code,
        together.counterpart_code,
        together.commodity_code,
        together.frequency,
        together.time_period,
        together.items is not null
        and (together.member_code <> '_T' or regions_with_gaps.time_period is null) as is_complete,
        together.base_members,
        coalesce(member_periods.months_pct, 100) as months_pct,
        cast(together.items as bigint) as items,
        cast(together.items_valued as bigint) as items_valued,
        together.declared_value_usd,
        cast(together.items_le_100 as bigint) as items_le_100,
        cast(together.items_with_de_minimis as bigint) as items_with_de_minimis,
        cast(together.items_le_de_minimis as bigint) as items_le_de_minimis,
        cast(together.items_cif as bigint) as items_cif,
        together.value_cif_usd,
        cast(together.items_fob as bigint) as items_fob,
        together.value_fob_usd,
        cast(together.items_intrinsic as bigint) as items_intrinsic,
        together.value_intrinsic_usd,
        cast(together.items_with_duty as bigint) as items_with_duty,
        cast(together.items_charged_duty as bigint) as items_charged_duty,
        together.duty_usd,
        cast(together.items_with_tax as bigint) as items_with_tax,
        cast(together.items_charged_tax as bigint) as items_charged_tax,
        together.tax_usd,
        cast(together.items_with_fee as bigint) as items_with_fee,
        cast(together.items_charged_fee as bigint) as items_charged_fee,
        together.fee_usd,
        cast(together.items_with_relief as bigint) as items_with_relief,
        together.relieved_tax_usd,
        cast(together.items_with_gross_mass as bigint) as items_with_gross_mass,
        together.gross_mass_kg,
        cast(together.items_in_advance as bigint) as items_in_advance,
        cast(together.items_with_declaration_type as bigint) as items_with_declaration_type,
        cast(together.items_simplified as bigint) as items_simplified,
        cast(together.items_with_inspection as bigint) as items_with_inspection,
        cast(together.items_inspected as bigint) as items_inspected,
        cast(together.items_with_result as bigint) as items_with_result,
        cast(together.items_irregular as bigint) as items_irregular,
        cast(together.items_with_outcome as bigint) as items_with_outcome,
        cast(together.items_held as bigint) as items_held,
        cast(together.items_returned as bigint) as items_returned,
        cast(together.items_with_advance_field as bigint) as items_with_advance_field
    from together
    left join regions_with_gaps
        on
            together.frequency = regions_with_gaps.frequency
            and together.time_period = regions_with_gaps.time_period
    left join member_periods
        on
            together.member_code = member_periods.member_code
            and together.frequency = member_periods.frequency
            and together.time_period = member_periods.time_period

)

select * from final
