with members as (

    select * from {{ ref('stg_members') }}

),

de_minimis as (

    select * from {{ ref('stg_de_minimis') }}

),

taxes as (

    select * from {{ ref('stg_taxes') }}

),

channels as (

    select * from {{ ref('channels') }}

),

listed as (

    select * from {{ ref('events') }}

),

-- The list names members; a member file that is not there takes its events with it.
listed_of_members as (

    select listed.*
    from listed
    left join members on listed.member_code = members.member_code
    where listed.member_code = '_T' or members.member_code is not null

),

threshold_lines as (

    select
        member_code,
        valid_from,
        scope_code,
        case when amount = 0 then 'NOTHING' else mode_code end as mode_code,
        basis_code,
        currency_code,
        regexp_replace(regexp_replace(cast(amount as varchar), '\.00$', ''), '(\d)(\d{3})$', '\1,\2') as amount,
        source,
        count(*) = (select count(*) from channels) as is_of_all_channels,
        list(channel_code) as channel_codes
    from de_minimis
    where valid_from is not null
    group by all

),

threshold_words as (

    select
        member_code,
        valid_from,
        source,
        unnest(case when is_of_all_channels then ['_T'] else channel_codes end) as channel_code,
        concat(
            case scope_code when 'DUTY' then 'Duty' when 'TAX' then 'Tax' else 'Duty and tax' end,
            ': ',
            case mode_code
                when 'NOTHING' then 'nothing is free'
                else
                    concat(
                        currency_code,
                        ' ',
                        amount,
                        case basis_code
                            when 'CIF' then ' of the value with freight and insurance (CIF)'
                            when 'FOB' then ' of the value free on board (FOB)'
                            when 'INTRINSIC' then ' of the price of the goods without freight and insurance'
                            else ' of duty and tax owed'
                        end,
                        '; ',
                        case mode_code
                            when 'EXEMPT_ALL' then 'at or under it all is free, above it all is charged'
                            when 'EXEMPT_AMOUNT' then 'only what exceeds it is charged'
                            when 'FLAT_RATE' then 'at or under it a flat rate holds'
                            else 'what is owed up to it is not collected'
                        end
                    )
            end,
            '.'
        ) as words_en,
        concat(
            case scope_code when 'DUTY' then 'Droits de douane' when 'TAX' then 'Taxes' else 'Droits et taxes' end,
            ' : ',
            case mode_code
                when 'NOTHING' then 'aucune exonération'
                else
                    concat(
                        replace(replace(amount, ',', ' '), '.', ','),
                        ' ',
                        currency_code,
                        case basis_code
                            when 'CIF' then ' de valeur CAF, fret et assurance compris'
                            when 'FOB' then ' de valeur franco à bord (FAB)'
                            when 'INTRINSIC' then ' de prix des marchandises, hors fret et assurance'
                            else ' de droits et taxes dus'
                        end,
                        ' ; ',
                        case mode_code
                            when 'EXEMPT_ALL' then 'jusqu''au seuil tout est exonéré, au-delà tout est imposé'
                            when 'EXEMPT_AMOUNT' then 'seul l''excédent est imposé'
                            when 'FLAT_RATE' then 'jusqu''au seuil, un taux forfaitaire s''applique'
                            else 'ce qui est dû jusque-là n''est pas perçu'
                        end
                    )
            end,
            '.'
        ) as words_fr
    from threshold_lines

),

-- Several lines of one day, for duty and for tax, are one event.
thresholds as (

    select
        concat(
            threshold_words.member_code,
            '_THRESHOLD_',
            strftime(threshold_words.valid_from, '%Y_%m_%d'),
            case when threshold_words.channel_code <> '_T' then concat('_', threshold_words.channel_code) else '' end
        ) as event_code,
        threshold_words.valid_from as starts_on,
        threshold_words.member_code,
        threshold_words.channel_code,
        'THRESHOLD' as kind_code,
        true as is_regressor,
        concat(any_value(members.name_en), ': new de minimis') as title_en,
        concat(any_value(members.name_fr), ' : nouveau seuil de minimis') as title_fr,
        string_agg(threshold_words.words_en, ' ' order by threshold_words.words_en) as text_en,
        string_agg(threshold_words.words_fr, ' ' order by threshold_words.words_en) as text_fr,
        string_agg(distinct threshold_words.source, '; ' order by threshold_words.source) as sources
    from threshold_words
    inner join members on threshold_words.member_code = members.member_code
    group by threshold_words.member_code, threshold_words.valid_from, threshold_words.channel_code

),

tax_words as (

    select
        taxes.member_code,
        taxes.valid_from,
        members.name_en,
        members.name_fr,
        taxes.source,
        taxes.low_value_collector_code = 'VENDOR' as is_collected_by_vendor,
        concat(
            taxes.name_en,
            ' at ',
            regexp_replace(cast(taxes.rate_pct as varchar), '\.?0+$', ''),
            ' per cent',
            case
                when taxes.low_value_collector_code = 'VENDOR'
                    then '; on items at or under the de minimis the vendor collects it at the sale'
                else ''
            end,
            '.'
        ) as words_en,
        concat(
            'Taxe sur la consommation de ',
            replace(regexp_replace(cast(taxes.rate_pct as varchar), '\.?0+$', ''), '.', ','),
            ' %',
            case
                when taxes.low_value_collector_code = 'VENDOR'
                    then ' ; sur les envois ne dépassant pas le seuil de minimis, le vendeur la perçoit à la vente'
                else ''
            end,
            '.'
        ) as words_fr
    from taxes
    inner join members on taxes.member_code = members.member_code
    where taxes.valid_from is not null

),

-- A change of the rate alone is shown, but not tried as a step: a series can tell few events from each other.
tax_changes as (

    select
        concat(member_code, '_TAX_', strftime(valid_from, '%Y_%m_%d')) as event_code,
        valid_from as starts_on,
        member_code,
        '_T' as channel_code,
        'TAX' as kind_code,
        bool_or(is_collected_by_vendor) as is_regressor,
        concat(any_value(name_en), ': change of tax') as title_en,
        concat(any_value(name_fr), ' : changement de taxe') as title_fr,
        string_agg(words_en, ' ' order by words_en) as text_en,
        string_agg(words_fr, ' ' order by words_en) as text_fr,
        string_agg(distinct source, '; ' order by source) as sources
    from tax_words
    group by member_code, valid_from

),

of_member_files (
    event_code, starts_on, member_code, channel_code, kind_code, is_regressor,
    title_en, title_fr, text_en, text_fr, source
) as (

    select * from thresholds
    union all
    select * from tax_changes

),

together as (

    select * from listed_of_members
    union all by name
    select
        *,
        'DAY' as date_precision
    from of_member_files

),

final as (

    select
        event_code,
        starts_on,
        ends_on,
        date_precision,
        member_code,
        channel_code,
        kind_code,
        is_regressor,
        title_en,
        title_fr,
        text_en,
        text_fr,
        source
    from together

)

select * from final
