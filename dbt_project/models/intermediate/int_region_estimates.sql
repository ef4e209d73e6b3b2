with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

member_periods as (

    select * from {{ ref('int_member_periods') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

imputations as (

    select * from {{ ref('int_imputations') }}

),

incomplete as (

    select
        member_code,
        frequency,
        time_period
    from member_periods
    where is_gap

),

measures as (

    select unnest(['ITEMS', 'DECLARED_VALUE_USD']) as measure_code

),

-- What a member with a gap did report in the period: its complete months.
reported_months as (

    select
        incomplete.frequency,
        incomplete.time_period,
        levels.channel_code,
        measures.measure_code,
        sum(
            case
                when measures.measure_code = 'ITEMS' then cast(levels.items as double)
                when levels.items = 0 then 0
                else cast(levels.declared_value_usd as double)
            end
        ) as reported
    from incomplete
    inner join period_months
        on
            incomplete.frequency = period_months.frequency
            and incomplete.time_period = period_months.time_period
    inner join levels
        on
            incomplete.member_code = levels.member_code
            and period_months.month_time_period = levels.time_period
    cross join measures
    where levels.is_complete
    group by incomplete.frequency, incomplete.time_period, levels.channel_code, measures.measure_code

),

imputed_months as (

    select
        incomplete.frequency,
        incomplete.time_period,
        imputations.channel_code,
        imputations.measure_code,
        case when count(imputations.imputed) = count(*) then sum(imputations.imputed) end as imputed,
        case when count(imputations.imputed_lower) = count(*) then sum(imputations.imputed_lower) end as imputed_lower,
        case when count(imputations.imputed_upper) = count(*) then sum(imputations.imputed_upper) end as imputed_upper
    from incomplete
    inner join period_months
        on
            incomplete.frequency = period_months.frequency
            and incomplete.time_period = period_months.time_period
    inner join imputations
        on
            incomplete.member_code = imputations.member_code
            and period_months.month_time_period = imputations.time_period
    group by incomplete.frequency, incomplete.time_period, imputations.channel_code, imputations.measure_code

),

complete_members as (

    select
        levels.frequency,
        levels.time_period,
        levels.channel_code,
        measures.measure_code,
        levels.base_members,
        levels.items,
        case
            when measures.measure_code = 'ITEMS' then cast(levels.items as double)
            else coalesce(cast(levels.declared_value_usd as double), 0)
        end as reported
    from levels
    cross join measures
    where levels.member_code = '_T'

),

together as (

    select
        imputed_months.frequency,
        imputed_months.time_period,
        imputed_months.channel_code,
        imputed_months.measure_code,
        coalesce(complete_members.reported, 0) + coalesce(reported_months.reported, 0) as reported,
        imputed_months.imputed,
        imputed_months.imputed_lower,
        imputed_months.imputed_upper,
        complete_members.items as base_items,
        complete_members.base_members
    from imputed_months
    left join complete_members
        on
            imputed_months.frequency = complete_members.frequency
            and imputed_months.time_period = complete_members.time_period
            and imputed_months.channel_code = complete_members.channel_code
            and imputed_months.measure_code = complete_members.measure_code
    left join reported_months
        on
            imputed_months.frequency = reported_months.frequency
            and imputed_months.time_period = reported_months.time_period
            and imputed_months.channel_code = reported_months.channel_code
            and imputed_months.measure_code = reported_months.measure_code

),

estimated as (

    select
        *,
        reported + imputed as estimate,
        reported + imputed_lower as estimate_lower,
        reported + imputed_upper as estimate_upper,
        round(100 * reported / nullif(reported + imputed, 0), 6) as coverage_pct
    from together

),

final as (

    select
        frequency,
        time_period,
        channel_code,
        measure_code,
        case when measure_code = 'ITEMS' then round(estimate) else estimate end as estimate,
        case when measure_code = 'ITEMS' then floor(estimate_lower) else estimate_lower end as estimate_lower,
        case when measure_code = 'ITEMS' then ceil(estimate_upper) else estimate_upper end as estimate_upper,
        coverage_pct,
        base_items,
        base_members
    from estimated
    -- What rests mostly on guesses is withheld.
    where coverage_pct >= {{ var('least_coverage_pct') }}

)

select * from final
