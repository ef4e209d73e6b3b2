with lines as (

    -- A flat rate is not freedom from duty and tax: those lines say nothing of the de minimis.
    select
        member_code,
        channel_code,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        amount,
        currency_code,
        basis_code
    from {{ ref('stg_de_minimis') }}
    where mode_code in ('EXEMPT_ALL', 'EXEMPT_AMOUNT', 'DUTY_OWED')

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

boundaries as (

    select
        member_code,
        channel_code,
        valid_from as starts_on
    from lines
    union distinct
    select
        member_code,
        channel_code,
        valid_to as starts_on
    from lines

),

-- Between two boundaries the lines in force stay the same.
stretches as (

    select
        member_code,
        channel_code,
        starts_on,
        lead(starts_on) over (partition by member_code, channel_code order by starts_on) as ends_on
    from boundaries

),

member_months as (

    select distinct
        member_code,
        time_period,
        cast(time_period || '-01' as date) as month_start,
        last_day(cast(time_period || '-01' as date)) as month_end
    from vintages

),

lines_in_force as (

    select
        stretches.member_code,
        stretches.channel_code,
        member_months.time_period,
        stretches.starts_on,
        stretches.ends_on,
        lines.amount,
        lines.currency_code,
        lines.basis_code
    from stretches
    inner join member_months
        on
            stretches.member_code = member_months.member_code
            and stretches.starts_on <= member_months.month_end
            and stretches.ends_on > member_months.month_start
    inner join lines
        on
            stretches.member_code = lines.member_code
            and stretches.channel_code = lines.channel_code
            and stretches.starts_on >= lines.valid_from
            and stretches.starts_on < lines.valid_to

),

priced as (

    select
        lines_in_force.*,
        cast(lines_in_force.amount as double) / cast(rates.units_per_usd as double) as amount_usd
    from lines_in_force
    left join rates
        on
            lines_in_force.currency_code = rates.currency_code
            and lines_in_force.time_period = rates.time_period

),

final as (

    select
        member_code,
        channel_code,
        time_period,
        starts_on,
        ends_on,
        min(case when basis_code = 'CIF' then amount_usd end) as cif_limit_usd,
        min(case when basis_code = 'FOB' then amount_usd end) as fob_limit_usd,
        min(case when basis_code = 'INTRINSIC' then amount_usd end) as intrinsic_limit_usd,
        min(case when basis_code = 'DUTY_OWED' then amount_usd end) as owed_limit_usd
    from priced
    group by all
    -- A line whose currency has no rate leaves the whole threshold not established.
    having count(*) = count(amount_usd)

)

select * from final
