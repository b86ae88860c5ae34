with source as (

    select * from {{ source('archives', 'archive_problems') }}

)

select
    archive_id,
    nullif(member, '') as member,
    byte_offset,
    reason as detail
from source
