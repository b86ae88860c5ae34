{{ config(meta={'dagster': {'ref': {'name': 'rejected_findings'}}}) }}

with called_true as (

    {{ called_true() }}

),

called as (

    select distinct
        study_id,
        label
    from called_true

),

decided as (

    select distinct
        study_id,
        label,
        'accepted' as decision
    from {{ ref('double_matched_findings') }}
    union all
    select
        study_id,
        label,
        reason as decision
    from {{ ref('rejected_findings') }}

)

select
    coalesce(called.study_id, decided.study_id) as study_id,
    coalesce(called.label, decided.label) as label,
    string_agg(decided.decision, ', ') as decisions
from called
full outer join decided on called.study_id = decided.study_id and called.label = decided.label
group by called.study_id, called.label, decided.study_id, decided.label
having called.study_id is null or count(decided.decision) <> 1
