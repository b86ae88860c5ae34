with results as (

    select * from {{ ref('int_inference_results') }}
    where is_latest

),

predictions as (

    select * from {{ ref('stg_inference__predictions') }}

)

select
    md5(
        jsonb_build_array(
            results.result_id, predictions.volume_index, predictions.slice_index, predictions.score_index
        )::text
    ) as score_id,
    results.result_id,
    results.job,
    results.series_instance_uid,
    predictions.volume_index,
    predictions.slice_index,
    predictions.sop_instance_uid,
    predictions.score_index,
    predictions.score_name,
    predictions.score
from predictions
inner join results
    on
        predictions.run_id = results.run_id
        and predictions.series_instance_uid = results.series_instance_uid
