{#-
    An amount to the nearest dollar, from 1,000 dollars on to three significant digits. Rounding keeps the order, so the
    median and every other quantile of the rounded amounts is the rounded quantile of the amounts.
-#}
{% macro rounded_usd(amount) -%}
    cast(
        case
            when {{ amount }} < 1000 then round({{ amount }})
            when {{ amount }} < 10000 then round({{ amount }} / 10) * 10
            when {{ amount }} < 100000 then round({{ amount }} / 100) * 100
            when {{ amount }} < 1000000 then round({{ amount }} / 1000) * 1000
            else least(round({{ amount }} / 10000) * 10000, 2000000000)
        end as integer
    )
{%- endmacro %}
