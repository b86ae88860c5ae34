with elements as (

    select * from {{ ref('int_measured_elements') }}

)

select
    device_name,
    created_day,
    count(*) as element_count,
    sum(data_size)::bigint as value_count,
    sum(average_before_normalization * data_size) / sum(data_size) as average_before_normalization,
    sum(average_after_normalization * data_size) / sum(data_size) as average_after_normalization,
    min(average_before_normalization) as lowest_average,
    max(average_before_normalization) as highest_average
from elements
group by device_name, created_day
