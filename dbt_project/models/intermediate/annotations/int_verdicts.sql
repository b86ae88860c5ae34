-- Inlined at its two uses, which are both faster with the table's statistics than with a copy of it.
with readings as not materialized (

    select * from {{ ref('int_readings') }}

),

-- A claim is a reading that calls a label true on any scan.
claims as (

    {% for label in labels() %}
        select
            study_id,
            reader_id,
            is_complete,
            '{{ label }}' as label,
            {{ label }} as answer
        from readings
        where {{ label }} <> 'negative'
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

studies as (

    select
        study_id,
        scan_count,
        count(*) filter (where is_complete) as reader_count
    from readings
    group by study_id, scan_count

),

claimed as (

    select
        study_id,
        label,
        count(*) filter (where is_complete and answer = 'positive') as matching_reader_count,
        coalesce(
            jsonb_agg(reader_id order by reader_id collate "C") filter (where is_complete and answer = 'positive'),
            '[]'
        ) as matching_readers,
        bool_or(not is_complete) as has_incomplete_reading,
        bool_or(answer = 'inconsistent') as has_inconsistent_reading
    from claims
    group by study_id, label

),

verdicts as (

    select
        claimed.study_id,
        claimed.label,
        studies.reader_count,
        claimed.matching_reader_count,
        claimed.matching_readers,
        case
            when claimed.matching_reader_count >= {{ var('min_matching_readers') }} then 'double_matched'
            when studies.scan_count <> {{ var('scans_per_study') }} then 'incomplete_study'
            when claimed.has_incomplete_reading then 'incomplete_reading'
            when claimed.has_inconsistent_reading then 'inconsistent_reading'
            when studies.reader_count = 1 then 'single_reader'
            else 'readers_disagree'
        end as verdict
    from claimed
    inner join studies on claimed.study_id = studies.study_id

)

select * from verdicts
