with verdicts as (

    select * from {{ ref('int_verdicts') }}

)

select
    study_id,
    label,
    verdict as reason,
    reader_count::integer as reader_count,
    matching_reader_count::integer as positive_reader_count
from verdicts
where verdict <> 'double_matched'
