with problems as (

    select * from {{ source('archives', 'archive_problems') }}

),

archives as (

    select * from {{ source('archives', 'archives') }}

)

select
    archives.kind,
    archives.store,
    archives.archive,
    nullif(problems.member, '') as member,
    problems.byte_offset,
    problems.reason as detail
from problems
inner join archives on problems.archive_id = archives.archive_id
