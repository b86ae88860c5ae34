with elements as (

    select * from {{ ref('stg_measurements__elements') }}

),

devices as (

    select * from {{ ref('stg_measurements__devices') }}

)

select
    elements.element_id,
    devices.device_name,
    (elements.created_date at time zone 'UTC')::date as created_day,
    elements.average_before_normalization,
    elements.average_after_normalization,
    elements.data_size
from elements
inner join devices on elements.device_id = devices.device_id
