with source as (

    select * from {{ source('measurements', 'elements') }}

)

select
    id as element_id,
    device_id,
    average_before_normalization,
    average_after_normalization,
    data_size,
    created_date
from source
