with scans as (

    select * from {{ ref('stg_scans') }}

),

studies as (

    select
        study_id,
        count(*) as scan_count
    from {{ ref('stg_scans') }}
    group by study_id

)

select
    scans.*,
    studies.scan_count
from scans
inner join studies on scans.study_id = studies.study_id
