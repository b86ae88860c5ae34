with source as (

    select * from {{ source('archives', 'archives') }}

)

select
    archive_id,
    store_url,
    kind,
    archive
from source
