{{ config(materialized='view') }}

with items as (

    select * from {{ ref('int_items') }}

),

final as (

    select * from items

)

select * from final
