{{ config(severity='warn') }}

-- In sound data a label is true on all of a study's scans or on none. Such a reading counts for no match.
select
    study_id,
    reader_id
from {{ ref('int_readings') }}
where 'inconsistent' in ({{ labels() | join(', ') }})
