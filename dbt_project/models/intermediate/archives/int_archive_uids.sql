-- Made whole each time: the members of an archive that was replaced or went are deleted before dbt runs, so that only
-- counting anew tells which UIDs lost one. An incremental model would have to keep the archives of every UID (as much
-- again as the members) and would still read all members, which have no index by UID.
with members as (

    select * from {{ ref('int_archive_members') }}

)

select
    uid,
    count(*) filter (where kind = 'text') as header_count,
    count(*) filter (where kind = 'image') as pixels_count,
    -- The first in the order in which reassembly meets them, which decides who makes the DICOM.
    (array_agg(partition_key order by archive_id, byte_offset) filter (where kind = 'image'))[1] as partition_key
from members
group by uid
