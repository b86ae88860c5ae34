with source as (

    select * from {{ source('inference', 'inference_runs') }}

)

select
    run_id,
    job,
    status,
    reason,
    input_dir,
    output_dir,
    config,
    config_sha256,
    model_sha256,
    runtime,
    provider,
    code_version,
    code_sha256,
    input_sha256,
    pixels_sha256,
    output_sha256,
    series_processed,
    series_skipped,
    series_failed,
    damaged_files,
    started_at,
    ended_at,
    seconds
from source
