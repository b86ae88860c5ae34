-- Of 2 million annotations few are superseded; finding those once is cheaper than sorting all in each model.
with annotations as not materialized (

    select
        annotation_key,
        scan_key,
        reader_id,
        coalesce(created_at, '-infinity') as created_at
    from {{ ref('stg_annotations__annotations') }}

)

select earlier.annotation_key
from annotations as earlier
where exists (
    select 1
    from annotations as later
    where
        later.scan_key = earlier.scan_key
        and later.reader_id = earlier.reader_id
        and (later.created_at, later.annotation_key) > (earlier.created_at, earlier.annotation_key)
)
