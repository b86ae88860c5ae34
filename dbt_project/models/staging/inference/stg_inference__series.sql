with source as (

    select * from {{ source('inference', 'inference_series') }}

)

select
    run_id,
    series_instance_uid,
    status,
    reason,
    modality,
    volume_count,
    slice_count,
    image_rows,
    image_columns,
    input_sha256,
    pixels_sha256,
    derived_series_instance_uid,
    file_count,
    clipped_count,
    score_count
from source
