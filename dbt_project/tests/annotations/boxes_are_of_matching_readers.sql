select
    findings.finding_id,
    items.box ->> 'reader' as reader
from {{ ref('double_matched_findings') }} as findings
cross join lateral jsonb_array_elements(findings.boxes) as items (box)
where not (findings.matching_readers ? (items.box ->> 'reader'))
