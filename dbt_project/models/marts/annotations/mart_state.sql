-- depends_on: {{ ref('double_matched_findings') }}, {{ ref('trainable_scans') }}
select
    as_of,
    project_variables
from {{ ref('readings_state') }}
