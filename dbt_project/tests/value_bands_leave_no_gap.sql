-- Each band begins where the one before it ends.
with bands as (

    select
        value_band_code,
        lower_usd_exclusive,
        lag(upper_usd_inclusive) over (order by sort_order) as upper_usd_of_the_band_before
    from {{ ref('value_bands') }}
    where lower_usd_exclusive is not null or upper_usd_inclusive is not null

)

select * from bands
where lower_usd_exclusive is distinct from upper_usd_of_the_band_before
