with members as (

    select * from {{ source('archives', 'archive_members') }}

),

archives as (

    select * from {{ source('archives', 'archives') }}

)

select
    members.uid,
    archives.kind,
    archives.store,
    archives.archive,
    members.archive_id,
    members.byte_offset,
    members.size_bytes,
    archives.partition_key
from members
inner join archives on members.archive_id = archives.archive_id
