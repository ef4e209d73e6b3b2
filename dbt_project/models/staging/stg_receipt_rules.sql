with source as (

    select * from {{ source('inputs', 'receipt_rules') }}

),

final as (

    select
        extract_id,
        member_code,
        rule_id,
        level,
        title_en,
        title_fr,
        remedy_en,
        remedy_fr,
        row_count
    from source

)

select * from final
