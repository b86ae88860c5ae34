with runs as (

    select * from {{ ref('stg_inference__runs') }}

),

series as (

    select * from {{ ref('stg_inference__series') }}
    where status = 'failed'

),

failures as (

    select
        run_id,
        null::text as series_instance_uid,
        reason
    from runs
    where status = 'failed'
    union all
    select
        run_id,
        series_instance_uid,
        reason
    from series

)

select
    failures.run_id,
    runs.job,
    failures.series_instance_uid,
    failures.reason,
    runs.input_dir,
    runs.output_dir,
    runs.ended_at,
    exists(
        select 1
        from runs as later
        where
            later.job = runs.job
            and later.input_dir = runs.input_dir
            and later.status = 'succeeded'
            and later.ended_at > runs.ended_at
    ) as is_mended
from failures
inner join runs on failures.run_id = runs.run_id
