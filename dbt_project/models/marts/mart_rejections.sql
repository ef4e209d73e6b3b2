with broken_rules as (

    select * from {{ ref('stg_receipt_rules') }}

),

receipts as (

    select * from {{ ref('stg_receipts') }}

),

dated as (

    select
        broken_rules.*,
        strftime(receipts.received_at, '%Y-%m') as received_period
    from broken_rules
    inner join receipts on broken_rules.extract_id = receipts.extract_id

),

final as (

    select
        member_code,
        received_period,
        rule_id,
        level,
        max(title_en) as title_en,
        max(title_fr) as title_fr,
        max(remedy_en) as remedy_en,
        max(remedy_fr) as remedy_fr,
        cast(sum(row_count) as bigint) as row_count,
        count(distinct extract_id) as extract_count
    from dated
    group by member_code, received_period, rule_id, level

)

select * from final
