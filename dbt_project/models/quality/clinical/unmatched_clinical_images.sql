with images as (

    select * from {{ ref('stg_clinical__images') }}

),

counted as (

    select * from {{ ref('int_clinical_images') }}

)

select
    images.container,
    images.blob,
    case when images.problem is null then 'superseded' else 'partial' end as reason,
    images.problem,
    images.year,
    images.case_id,
    images.view,
    counted.blob as counted_blob,
    images.last_modified
from images
left join counted
    on
        images.problem is null
        and images.container = counted.container
        and images.year = counted.year
        and images.case_id = counted.case_id
        and images.view = counted.view
where images.problem is not null or images.blob <> counted.blob
