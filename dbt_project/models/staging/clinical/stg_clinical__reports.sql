with source as (

    select * from {{ source('clinical', 'clinical_reports') }}

)

select
    case_id,
    year
from source
