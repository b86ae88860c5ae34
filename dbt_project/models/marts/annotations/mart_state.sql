-- depends_on: {{ ref('double_matched_findings') }}, {{ ref('trainable_scans') }}
-- depends_on: {{ ref('rejected_findings') }}, {{ ref('reader_agreement') }}
select
    as_of,
    project_variables
from {{ ref('readings_state') }}
