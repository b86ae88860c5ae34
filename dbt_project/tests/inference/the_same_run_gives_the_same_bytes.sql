{{ config(severity='warn') }}

-- Equal input, config, code, runtime and provider, and yet another output: the job uses chance, a clock or the order in
-- which threads end, and its results cannot be made again.
select
    job,
    config_sha256,
    input_sha256,
    code_sha256,
    runtime,
    provider,
    count(distinct output_sha256) as outputs
from {{ ref('stg_inference__runs') }}
where output_sha256 is not null
group by job, config_sha256, input_sha256, code_sha256, runtime, provider
having count(distinct output_sha256) > 1
