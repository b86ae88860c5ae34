{{ config(materialized='view') }}

with members as (

    select * from {{ ref('stg_archives__members') }}

),

archives as (

    select * from {{ ref('stg_archives__archives') }}

)

select
    members.uid,
    archives.kind,
    archives.store_url,
    archives.archive,
    members.archive_id,
    members.byte_offset,
    members.size_bytes,
    members.partition_key
from members
inner join archives on members.archive_id = archives.archive_id
