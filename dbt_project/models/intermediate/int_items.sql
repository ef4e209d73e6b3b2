{{ config(materialized='view') }}

with item_values as (

    select * from {{ ref('int_item_values') }}

),

final as (

    select * exclude (vintage_key, vintage_status)
    from item_values
    where vintage_status = 'IN_FORCE'

)

select * from final
