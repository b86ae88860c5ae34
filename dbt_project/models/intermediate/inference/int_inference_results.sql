with runs as (

    select * from {{ ref('stg_inference__runs') }}
    where status in ('succeeded', 'incomplete')

),

series as (

    select * from {{ ref('stg_inference__series') }}
    where status = 'processed'

)

select
    series.run_id,
    series.series_instance_uid,
    runs.job,
    runs.config_sha256,
    md5(jsonb_build_array(runs.job, runs.config_sha256, series.series_instance_uid)::text) as result_id,
    runs.ended_at,
    row_number() over (
        partition by runs.job, runs.config_sha256, series.series_instance_uid
        order by runs.ended_at desc, runs.run_id desc
    ) = 1 as is_latest
from series
inner join runs on series.run_id = runs.run_id
