with source as (

    select * from {{ source('archives', 'archive_members') }}

)

select
    archive_id,
    byte_offset,
    size_bytes,
    uid,
    partition_key
from source
