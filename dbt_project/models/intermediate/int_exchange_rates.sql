with published as (

    select * from {{ ref('exchange_rates') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

customs_monthly as (

    select
        currency_code,
        time_period,
        units_per_usd,
        source_code
    from published
    where source_code = 'HMRC' and frequency = 'M'

),

customs_years as (

    select
        currency_code,
        left(time_period, 4) as calendar_year,
        sum(units_per_usd) as sum_of_units_per_usd,
        count(*) as months_count
    from customs_monthly
    group by currency_code, left(time_period, 4)

),

annual_averages as (

    select
        currency_code,
        time_period as calendar_year,
        units_per_usd,
        source_code
    from published
    where frequency = 'A'

),

market_monthly as (

    select
        currency_code,
        time_period,
        units_per_usd,
        source_code
    from published
    where source_code = 'MARKET' and frequency = 'M'

),

currencies as (

    select distinct currency_code from published

),

-- As far as the rates go, and as far as the items go: a rate is carried into the months in between.
bounds as (

    select
        min(time_period) as first_period,
        max(time_period) as last_period
    from (
        select time_period from customs_monthly
        union all
        select time_period from market_monthly
        union all
        select max(time_period) as time_period from vintages
    ) as known_periods

),

months as (

    select strftime(month_start, '%Y-%m') as time_period
    from (
        select
            {{ months_between(
                "cast(first_period || '-01' as date)",
                "cast(last_period || '-01' as date)"
            ) }} as month_start
        from bounds
    ) as month_starts

),

-- A year is off when its customs rates are, on average, more than 10 per cent from its annual average: a single month
-- may be, without being wrong, when a currency falls and recovers.
years_off as (

    select
        customs_years.currency_code,
        customs_years.calendar_year
    from customs_years
    inner join annual_averages
        on
            customs_years.currency_code = annual_averages.currency_code
            and customs_years.calendar_year = annual_averages.calendar_year
    where
        100 * abs(customs_years.sum_of_units_per_usd - customs_years.months_count * annual_averages.units_per_usd)
        > 10 * customs_years.months_count * annual_averages.units_per_usd

),

-- An annual average is the comparison where there is one, the market's rate where the year has none yet.
compared as (

    select
        currencies.currency_code,
        months.time_period,
        customs_monthly.units_per_usd as customs_units_per_usd,
        customs_monthly.source_code as customs_source_code,
        coalesce(annual_averages.units_per_usd, market_monthly.units_per_usd) as other_units_per_usd,
        coalesce(annual_averages.source_code, market_monthly.source_code) as other_source_code,
        annual_averages.currency_code is null or years_off.currency_code is not null as is_comparison_telling
    from currencies
    cross join months
    left join customs_monthly
        on
            currencies.currency_code = customs_monthly.currency_code
            and months.time_period = customs_monthly.time_period
    left join annual_averages
        on
            currencies.currency_code = annual_averages.currency_code
            and left(months.time_period, 4) = annual_averages.calendar_year
    left join years_off
        on
            currencies.currency_code = years_off.currency_code
            and left(months.time_period, 4) = years_off.calendar_year
    left join market_monthly
        on
            currencies.currency_code = market_monthly.currency_code
            and months.time_period = market_monthly.time_period

),

judged as (

    select
        *,
        100 * (customs_units_per_usd - other_units_per_usd) / other_units_per_usd as difference_pct,
        coalesce(
            is_comparison_telling
            and 100 * abs(customs_units_per_usd - other_units_per_usd) > 10 * other_units_per_usd,
            false
        ) as is_flagged
    from compared

),

chosen as (

    select
        currency_code,
        time_period,
        case when is_flagged then other_units_per_usd else coalesce(customs_units_per_usd, other_units_per_usd) end
            as units_per_usd,
        case when is_flagged then other_source_code else coalesce(customs_source_code, other_source_code) end
            as source_code,
        case
            when is_flagged then customs_units_per_usd
            when customs_units_per_usd is not null then other_units_per_usd
        end as second_units_per_usd,
        case
            when is_flagged then customs_source_code
            when customs_units_per_usd is not null then other_source_code
        end as second_source_code,
        difference_pct,
        is_flagged
    from judged

),

carried as (

    select
        *,
        last_value(units_per_usd ignore nulls) over last_known as last_units_per_usd,
        last_value(source_code ignore nulls) over last_known as last_source_code
    from chosen
    window last_known as (
        partition by currency_code
        order by time_period
        rows between unbounded preceding and current row
    )

),

final as (

    select
        currency_code,
        time_period,
        last_units_per_usd as units_per_usd,
        last_source_code as source_code,
        second_units_per_usd,
        second_source_code,
        cast(difference_pct as double) as difference_pct,
        is_flagged,
        units_per_usd is null as is_carried
    from carried
    where last_units_per_usd is not null

)

select * from final
