with results as (

    select * from {{ ref('int_inference_results') }}
    where is_latest

),

runs as (

    select * from {{ ref('stg_inference__runs') }}

),

series as (

    select * from {{ ref('stg_inference__series') }}

)

select
    results.result_id,
    results.job,
    results.series_instance_uid,
    results.run_id,
    series.modality,
    series.volume_count,
    series.slice_count,
    series.image_rows,
    series.image_columns,
    series.derived_series_instance_uid,
    series.file_count,
    series.clipped_count,
    series.score_count,
    runs.output_dir,
    runs.config,
    results.config_sha256,
    runs.model_sha256,
    runs.runtime,
    runs.provider,
    runs.code_version,
    runs.code_sha256,
    series.input_sha256,
    series.pixels_sha256,
    results.ended_at
from results
inner join runs on results.run_id = runs.run_id
inner join series
    on
        results.run_id = series.run_id
        and results.series_instance_uid = series.series_instance_uid
