-- A double match is drawn on all the scans of its study.
select
    study_id,
    label,
    count(*) as scan_count
from {{ ref('double_matched_findings') }}
group by study_id, label
having count(*) <> {{ var('scans_per_study') }}
