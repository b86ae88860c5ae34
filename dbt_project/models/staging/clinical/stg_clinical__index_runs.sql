with source as (

    select * from {{ source('clinical', 'clinical_index_runs') }}

)

select
    container,
    listed_at
from source
