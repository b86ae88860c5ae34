{{ config(materialized='view') }}

with problems as (

    select * from {{ ref('stg_archives__problems') }}

),

archives as (

    select * from {{ ref('stg_archives__archives') }}

)

select
    archives.kind,
    archives.store_url,
    archives.archive,
    problems.member,
    problems.byte_offset,
    problems.detail
from problems
inner join archives on problems.archive_id = archives.archive_id
