-- Of a stream's month at most one vintage counts, and at most one is the one before it.
select
    member_code,
    stream_code,
    time_period,
    vintage_status,
    count(*) as vintages_count
from {{ ref('int_vintages') }}
where vintage_status = 'IN_FORCE' or is_previous
group by member_code, stream_code, time_period, vintage_status
having count(*) > 1
