with images as (

    select * from {{ ref('stg_clinical__images') }}

),

runs as (

    select * from {{ ref('stg_clinical__index_runs') }}

),

last_indexed as (

    select container
    from runs
    order by listed_at desc, container asc
    limit 1

),

ranked as (

    select
        container,
        year,
        case_id,
        view,
        blob,
        size_bytes,
        last_modified,
        row_number() over (
            partition by container, year, case_id, view
            order by last_modified desc, blob collate "C" asc
        ) as place
    from images
    where problem is null

)

select
    ranked.container,
    ranked.year,
    ranked.case_id,
    ranked.view,
    ranked.blob,
    ranked.size_bytes,
    ranked.last_modified,
    last_indexed.container is not null as is_last_indexed
from ranked
left join last_indexed on ranked.container = last_indexed.container
where ranked.place = 1
