select
    findings.finding_id,
    findings.matching_readers
from {{ ref('double_matched_findings') }} as findings
where
    findings.matching_reader_count < {{ var('min_matching_readers') }}
    or (
        select count(distinct readers.reader)
        from jsonb_array_elements_text(findings.matching_readers) as readers (reader)
    ) <> findings.matching_reader_count
