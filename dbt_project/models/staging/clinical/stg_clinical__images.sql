with source as (

    select * from {{ source('clinical', 'clinical_images') }}

)

select
    container,
    blob,
    year,
    case_id,
    view,
    size_bytes,
    last_modified,
    problem
from source
