{{ config(materialized='view') }}

with items as (

    select * from {{ ref('stg_items') }}

),

vintages as (

    select * from {{ ref('int_vintages') }}

),

final as (

    select
        items.*,
        vintages.vintage_key,
        vintages.vintage_number,
        vintages.vintage_status
    from items
    inner join vintages
        on
            items.extract_id = vintages.extract_id
            and items.time_period = vintages.time_period
    where vintages.vintage_status = 'IN_FORCE' or vintages.is_previous

)

select * from final
