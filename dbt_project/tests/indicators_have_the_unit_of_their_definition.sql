-- The unit is said in the SQL of an indicator and in its meta: both must say the same.
with units as (

    select distinct
        indicator_code,
        unit_measure
    from {{ ref('mart_indicators') }}

),

definitions as (

    select * from {{ ref('mart_indicator_definitions') }}

),

final as (

    select
        units.indicator_code,
        units.unit_measure,
        definitions.unit_measure as defined_unit_measure
    from units
    left join definitions on units.indicator_code = definitions.indicator_code
    where units.unit_measure is distinct from definitions.unit_measure

)

select * from final
