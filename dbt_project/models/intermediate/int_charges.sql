with levels as (

    select * from {{ ref('int_item_levels') }}
    where
        value_band_code = '_T'
        and counterpart_code = '_T'
        and commodity_code = '_T'
        and member_code <> '_T'

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

period_bounds as (

    select
        time_period,
        min(month_time_period) as first_month,
        max(month_time_period) as last_month
    from period_months
    group by time_period

),

{% set charges = {'DUTY': ('items_with_duty', 'items_charged_duty', 'duty_usd'),
                  'TAX': ('items_with_tax', 'items_charged_tax', 'tax_usd'),
                  'FEE': ('items_with_fee', 'items_charged_fee', 'fee_usd')} %}
counted as (

    {% for charge_code, (items_known, items_charged, amount_usd) in charges.items() %}
    select
        member_code,
        channel_code,
        frequency,
        time_period,
        is_complete,
        items,
        '{{ charge_code }}' as charge_code,
        {{ items_known }} as items_known,
        {{ items_charged }} as items_charged,
        {{ amount_usd }} as amount_usd
    from levels
    {{ "union all" if not loop.last }}
    {% endfor %}
),

member_months as (

    select * from counted
    where frequency = 'M' and channel_code = '_T'

),

beginnings as (

    select
        member_code,
        charge_code,
        min(time_period) as begins_in
    from member_months
    where items_known > 0
    group by member_code, charge_code

),

-- Items came, and of none of them the charge is known: a sum over the period would be short.
silent_periods as (

    select distinct
        member_months.member_code,
        member_months.charge_code,
        period_months.time_period
    from member_months
    inner join period_months on member_months.time_period = period_months.month_time_period
    where member_months.items > 0 and member_months.items_known = 0

),

judged as (

    select
        counted.*,
        coalesce(beginnings.begins_in <= period_bounds.first_month, false) as has_begun,
        coalesce(beginnings.begins_in <= period_bounds.last_month, false) as is_given,
        counted.is_complete and silent_periods.time_period is null as is_known
    from counted
    inner join period_bounds on counted.time_period = period_bounds.time_period
    left join beginnings
        on
            counted.member_code = beginnings.member_code
            and counted.charge_code = beginnings.charge_code
    left join silent_periods
        on
            counted.member_code = silent_periods.member_code
            and counted.charge_code = silent_periods.charge_code
            and counted.time_period = silent_periods.time_period

),

-- All that the member gives, or nothing. The items charged are the fewest of any charge: who sees the sum and the
-- other charges sees that one.
all_charges as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        is_complete,
        items,
        'ALL' as charge_code,
        max(items_known) as items_known,
        min(nullif(items_charged, 0)) as items_charged,
        sum(amount_usd) as amount_usd,
        bool_or(has_begun) as has_begun,
        true as is_given,
        bool_and(is_known) as is_known
    from judged
    where is_given
    group by member_code, channel_code, frequency, time_period, is_complete, items

),

-- A member that gives no charge has no row of all of them, and so one without a figure.
without_charges as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        is_complete,
        items,
        'ALL' as charge_code,
        0 as items_known,
        0 as items_charged,
        null as amount_usd,
        false as has_begun,
        false as is_given,
        false as is_known
    from judged
    group by member_code, channel_code, frequency, time_period, is_complete, items
    having not bool_or(is_given)

),

together as (

    select * from judged
    union all by name
    select * from all_charges
    union all by name
    select * from without_charges

),

member_figures as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        charge_code,
        is_complete,
        has_begun,
        is_known,
        items,
        items_known,
        items_charged,
        case
            when is_known and items = 0 then 0
            when is_known then amount_usd
        end as amount_usd,
        1 as base_members
    from together

),

-- A member that used to give the charge and does not, or is missing, would look like a fall of the region.
withheld as (

    select distinct
        charge_code,
        time_period
    from member_figures
    where channel_code = '_T' and has_begun and not is_known

),

gaps as (

    select distinct time_period
    from levels
    where not is_complete

),

region_sums as (

    select
        '_T' as member_code,
        channel_code,
        frequency,
        time_period,
        charge_code,
        sum(items) as items,
        sum(case when is_known then items_known end) as items_known,
        sum(case when is_known then items_charged end) as items_charged,
        sum(case when is_known and items_known > 0 then amount_usd end) as amount_usd,
        count(case when is_known and items_known > 0 then 1 end) as base_members
    from member_figures
    group by channel_code, frequency, time_period, charge_code

),

region_figures as (

    select
        region_sums.* exclude (amount_usd),
        case when withheld.time_period is null then region_sums.amount_usd end as amount_usd
    from region_sums
    left join withheld
        on
            region_sums.charge_code = withheld.charge_code
            and region_sums.time_period = withheld.time_period

),

figures as (

    select * exclude (is_complete, has_begun, is_known) from member_figures
    union all by name
    select * from region_figures

),

final as (

    select
        figures.member_code,
        figures.channel_code,
        figures.frequency,
        figures.time_period,
        figures.charge_code,
        figures.amount_usd,
        cast(figures.items_known as bigint) as items_known,
        -- Of a region with a gap nobody knows how many items it had.
        case
            when figures.member_code <> '_T' or gaps.time_period is null
                then round(100 * cast(figures.items_known as double) / nullif(figures.items, 0), 6)
        end as coverage_pct,
        cast(coalesce(nullif(figures.items_charged, 0), figures.items_known) as bigint) as base_items,
        cast(figures.base_members as integer) as base_members
    from figures
    left join gaps on figures.time_period = gaps.time_period

)

select * from final
