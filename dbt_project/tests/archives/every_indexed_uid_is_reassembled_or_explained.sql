{{ config(meta={'dagster': {'ref': {'name': 'archive_members_unmatched'}}}) }}

-- From the raw tables, without the models between. A UID is due when its partition was reassembled at least once:
-- before that, Dagster shows the partition as missing. An equal duplicate explains nothing, since its DICOM is to be
-- made all the same.
with members as (

    select distinct
        uid,
        partition_key
    from {{ source('archives', 'archive_members') }}

),

partitions as (

    select * from {{ source('archives', 'reassembled_partitions') }}

),

dicoms as (

    select * from {{ source('archives', 'reassembled_dicoms') }}

),

explained as (

    select distinct uid
    from {{ ref('archive_members_unmatched') }}
    where uid is not null and reason <> 'duplicate_equal'

)

select members.*
from members
inner join partitions on members.partition_key = partitions.partition_key
left join dicoms on members.uid = dicoms.uid and members.partition_key = dicoms.partition_key
left join explained on members.uid = explained.uid
where dicoms.uid is null and explained.uid is null
