{{ config(meta={'dagster': {'ref': {'name': 'double_matched_findings'}}}) }}

-- The rule once more from the raw tables, by counting and without the models between: a reader matches who calls the
-- label true on as many scans as the study has.
with called_true as (

    {{ called_true() }}

),

studies as (

    select
        mmg_study_id::text as study_id,
        count(*) as scan_count
    from ({{ raw_scans() }}) as scans
    where mmg_study_id is not null
    group by mmg_study_id::text

),

matching as (

    select
        study_id,
        label,
        reader_id
    from called_true
    group by study_id, label, reader_id
    having count(*) = {{ var('scans_per_study') }}

),

expected as (

    select
        matching.study_id,
        matching.label,
        jsonb_agg(matching.reader_id order by matching.reader_id collate "C") as matching_readers
    from matching
    inner join studies
        on
            matching.study_id = studies.study_id
            and studies.scan_count = {{ var('scans_per_study') }}
    group by matching.study_id, matching.label
    having count(*) >= {{ var('min_matching_readers') }}

),

found as (

    select distinct
        study_id,
        label,
        matching_readers
    from {{ ref('double_matched_findings') }}

)

select
    coalesce(expected.study_id, found.study_id) as study_id,
    coalesce(expected.label, found.label) as label,
    expected.matching_readers as expected_readers,
    found.matching_readers as found_readers
from expected
full outer join found on expected.study_id = found.study_id and expected.label = found.label
where expected.matching_readers is distinct from found.matching_readers
