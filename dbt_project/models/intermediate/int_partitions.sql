with vintages as (

    select * from {{ ref('int_vintages') }}

),

thresholds as (

    select * from {{ ref('int_thresholds') }}

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

),

member_spans as (

    select * from {{ ref('int_member_spans') }}

),

stream_columns as (

    select * from {{ ref('int_stream_columns') }}

),

extracts_of_partitions as (

    select
        member_code,
        time_period,
        sum(items) as items,
        string_agg(
            concat_ws(' ', stream_code, extract_id, previous_extract_id), ';' order by stream_code
        ) as made_of
    from vintages
    where vintage_status = 'IN_FORCE'
    group by member_code, time_period

),

thresholds_of_partitions as (

    select
        member_code,
        time_period,
        string_agg(
            concat_ws(
                ' ',
                channel_code,
                starts_on,
                ends_on,
                coalesce(cast(cif_limit_usd as varchar), '-'),
                coalesce(cast(fob_limit_usd as varchar), '-'),
                coalesce(cast(intrinsic_limit_usd as varchar), '-'),
                coalesce(cast(owed_limit_usd as varchar), '-')
            ),
            ';'
            order by channel_code, starts_on
        ) as made_of
    from thresholds
    group by member_code, time_period

),

spans_of_partitions as (

    select
        member_code,
        time_period,
        string_agg(
            concat_ws(' ', starts_on, utc_offset_minutes, coalesce(cast(tax_rate_pct as varchar), '-')),
            ';'
            order by starts_on
        ) as made_of
    from member_spans
    group by member_code, time_period

),

columns_of_partitions as (

    select
        member_code,
        time_period,
        string_agg(concat_ws(' ', stream_code, column_name), ';' order by stream_code, column_name) as made_of
    from stream_columns
    group by member_code, time_period

),

rates_of_periods as (

    select
        time_period,
        string_agg(concat_ws(' ', currency_code, units_per_usd, source_code), ';' order by currency_code) as made_of
    from rates
    group by time_period

),

final as (

    select
        extracts_of_partitions.member_code,
        extracts_of_partitions.time_period,
        md5(
            concat_ws(
                '|',
                extracts_of_partitions.made_of,
                coalesce(thresholds_of_partitions.made_of, ''),
                coalesce(rates_of_periods.made_of, ''),
                coalesce(spans_of_partitions.made_of, ''),
                coalesce(columns_of_partitions.made_of, '')
            )
        ) as partition_fingerprint
    from extracts_of_partitions
    left join thresholds_of_partitions
        on
            extracts_of_partitions.member_code = thresholds_of_partitions.member_code
            and extracts_of_partitions.time_period = thresholds_of_partitions.time_period
    left join rates_of_periods on extracts_of_partitions.time_period = rates_of_periods.time_period
    left join spans_of_partitions
        on
            extracts_of_partitions.member_code = spans_of_partitions.member_code
            and extracts_of_partitions.time_period = spans_of_partitions.time_period
    left join columns_of_partitions
        on
            extracts_of_partitions.member_code = columns_of_partitions.member_code
            and extracts_of_partitions.time_period = columns_of_partitions.time_period
    -- A month in which nothing came has no rows to keep.
    where extracts_of_partitions.items > 0

)

select * from final
