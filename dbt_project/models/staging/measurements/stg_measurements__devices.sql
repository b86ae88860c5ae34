with source as (

    select * from {{ source('measurements', 'devices') }}

)

select
    id as device_id,
    name as device_name
from source
