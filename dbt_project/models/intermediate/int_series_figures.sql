with models as (

    select * from {{ ref('int_series_models') }}

),

series as (

    select * from {{ ref('int_series') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

-- What a month's figure cannot be traced back to is traced back to the weakest month that it was learnt from.
weakest as (

    select
        member_code,
        channel_code,
        min(base_items) as base_items,
        min(base_members) as base_members,
        max(time_period) as last_time_period
    from series
    group by member_code, channel_code

),

-- A member that has not reported for longer is not forecast: its six months would be over, or nearly.
up_to_date as (

    select weakest.*
    from weakest
    inner join periods on weakest.last_time_period = periods.time_period
    where periods.is_provisional

),

adjusted as (

    select
        models.*,
        case
            when models.is_estimated then 'E'
            when models.series_status = 'PROVISIONAL' or periods.is_provisional then 'P'
            else 'A'
        end as obs_status,
        case when models.is_estimated then weakest.base_items else series.base_items end as base_items,
        case when models.is_estimated then weakest.base_members else series.base_members end as base_members
    from models
    inner join series
        on
            models.member_code = series.member_code
            and models.channel_code = series.channel_code
            and models.time_period = series.time_period
    inner join weakest
        on
            models.member_code = weakest.member_code
            and models.channel_code = weakest.channel_code
    inner join periods on models.time_period = periods.time_period
    where not models.is_forecast and models.obs_value is not null

),

forecast as (

    select
        models.*,
        'E' as obs_status,
        up_to_date.base_items,
        up_to_date.base_members
    from models
    inner join up_to_date
        on
            models.member_code = up_to_date.member_code
            and models.channel_code = up_to_date.channel_code
    where models.is_forecast

),

together as (

    select * from adjusted
    union all by name
    select * from forecast

),

final as (

    select
        member_code,
        channel_code,
        unit_measure,
        time_period,
        is_forecast,
        obs_value,
        model_lower,
        model_upper,
        obs_status,
        base_items,
        base_members
    from together

)

select * from final
