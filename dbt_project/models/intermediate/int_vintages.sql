with receipts as (

    select * from {{ ref('stg_receipts') }}

),

reported_periods as (

    select * from {{ ref('stg_receipt_periods') }}

),

holds as (

    select distinct
        extract_id,
        time_period
    from {{ ref('stg_holds') }}

),

accepted as (

    select
        reported_periods.member_code,
        reported_periods.stream_code,
        reported_periods.time_period,
        reported_periods.extract_id,
        reported_periods.items,
        receipts.source_name,
        receipts.received_at,
        receipts.vintage_at
    from reported_periods
    inner join receipts on reported_periods.extract_id = receipts.extract_id
    where receipts.status = 'ACCEPTED'

),

marked as (

    select
        accepted.*,
        holds.extract_id is not null as is_held
    from accepted
    left join holds
        on
            accepted.extract_id = holds.extract_id
            and accepted.time_period = holds.time_period

),

numbered as (

    select
        *,
        row_number() over (
            partition by member_code, stream_code, time_period
            order by vintage_at, source_name, extract_id
        ) as vintage_number,
        row_number() over (
            partition by member_code, stream_code, time_period, is_held
            order by vintage_at desc, source_name desc, extract_id desc
        ) as place_from_newest,
        lag(extract_id) over (
            partition by member_code, stream_code, time_period, is_held
            order by vintage_at, source_name, extract_id
        ) as extract_id_before
    from marked

),

final as (

    select
        member_code,
        stream_code,
        time_period,
        extract_id,
        -- A short name of the vintage, of this build only: grouping twenty million items by it costs half.
        cast(row_number() over (order by extract_id, time_period) as integer) as vintage_key,
        cast(vintage_number as integer) as vintage_number,
        case
            when is_held then 'HELD'
            when place_from_newest = 1 then 'IN_FORCE'
            else 'SUPERSEDED'
        end as vintage_status,
        not is_held and place_from_newest = 2 as is_previous,
        case when not is_held then extract_id_before end as previous_extract_id,
        items,
        source_name,
        received_at,
        vintage_at
    from numbered

)

select * from final
