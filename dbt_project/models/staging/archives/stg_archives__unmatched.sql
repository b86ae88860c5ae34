with source as (

    select * from {{ source('archives', 'reassembly_unmatched') }}

)

select
    partition_key,
    uid,
    kind,
    store_url,
    archive,
    byte_offset,
    reason,
    detail
from source
