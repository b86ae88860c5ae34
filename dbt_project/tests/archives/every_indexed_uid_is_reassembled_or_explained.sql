{{ config(meta={'dagster': {'ref': {'name': 'archive_members_unmatched'}}}) }}

-- From the raw tables, without the models between. A UID with header and pixels is due when every partition that holds
-- its pixels was reassembled at least once: before that, Dagster shows the partition as missing. A UID without one of
-- the two is due at once. An equal duplicate explains nothing, since its DICOM is to be made all the same.
with members as (

    select
        members.uid,
        archives.kind,
        archives.partition_key
    from {{ source('archives', 'archive_members') }} as members
    inner join {{ source('archives', 'archives') }} as archives on members.archive_id = archives.archive_id

),

partitions as (

    select * from {{ source('archives', 'reassembled_partitions') }}

),

dicoms as (

    select * from {{ source('archives', 'reassembled_dicoms') }}

),

uids as (

    select
        members.uid,
        bool_or(members.kind = 'text') as has_header,
        bool_or(members.kind = 'image') as has_pixels,
        bool_and(partitions.partition_key is not null) filter (where members.kind = 'image') as partitions_are_made,
        bool_or(dicoms.uid is not null) filter (where members.kind = 'image') as is_reassembled
    from members
    left join partitions on members.partition_key = partitions.partition_key
    left join dicoms on members.uid = dicoms.uid and members.partition_key = dicoms.partition_key
    group by members.uid

),

explained as (

    select distinct uid
    from {{ ref('archive_members_unmatched') }}
    where uid is not null and reason <> 'duplicate_equal'

)

select uids.*
from uids
left join explained on uids.uid = explained.uid
where
    explained.uid is null
    and (not uids.has_header or not uids.has_pixels or (uids.partitions_are_made and not uids.is_reassembled))
