{{ config(materialized="table", post_hook="analyze {{ this }}") }}

-- Compared in the raw columns' own types: as texts, annotation 10 would come before annotation 9.
-- Of 2 million annotations few are superseded; finding those once is cheaper than sorting all in each model.
with source as not materialized (

    select * from {{ source('raw', 'mmgscans_mmgscanannotation') }}

),

renamed as not materialized (

    select
        id as annotation_id,
        mmg_scan_id as scan_id,
        "{{ var('reader_column') }}" as reader_id,
        coalesce("{{ var('created_at_column') }}", '-infinity') as created_at
    from source

)

select earlier.annotation_id
from renamed as earlier
where exists (
    select 1
    from renamed as later
    where
        later.scan_id = earlier.scan_id
        and later.reader_id = earlier.reader_id
        and (later.created_at, later.annotation_id) > (earlier.created_at, earlier.annotation_id)
)
