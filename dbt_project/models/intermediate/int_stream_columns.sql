with stream_columns as (

    select * from {{ ref('stg_stream_columns') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

final as (

    select distinct
        stream_columns.member_code,
        stream_columns.stream_code,
        periods.time_period,
        stream_columns.column_name
    from stream_columns
    cross join periods
    where
        (stream_columns.valid_from is null or periods.time_period >= stream_columns.valid_from)
        and (stream_columns.valid_to is null or periods.time_period < stream_columns.valid_to)

)

select * from final
