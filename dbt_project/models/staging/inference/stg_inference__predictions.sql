with source as (

    select * from {{ source('inference', 'predictions') }}

)

select
    run_id,
    series_instance_uid,
    volume_index,
    slice_index,
    sop_instance_uid,
    score_index,
    score_name,
    score
from source
