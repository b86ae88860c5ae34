-- Made whole each time: an archive has UIDs of nearly every partition, so that one that comes, is replaced or goes
-- changes them all. An incremental model would have to keep the archives of every UID (as much again as the members).
with members as (

    select * from {{ ref('int_archive_members') }}

)

select
    uid,
    count(*) filter (where kind = 'text') as header_count,
    count(*) filter (where kind = 'image') as pixels_count,
    min(partition_key) as partition_key
from members
group by uid
