with revisions as (

    select * from {{ ref('mart_revisions') }}
    where revision_status <> 'PROVISIONAL'

),

final as (

    select
        member_code,
        count(*) as months_count,
        count(case when versions_count > 1 then 1 end) as revised_months_count,
        round(avg(revision_pct), 6) as mean_revision_pct,
        round(avg(abs(revision_pct)), 6) as mean_absolute_revision_pct,
        round(max(abs(revision_pct)), 6) as largest_absolute_revision_pct
    from revisions
    group by member_code

)

select * from final
