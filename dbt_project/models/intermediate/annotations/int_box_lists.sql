{{ config(materialized='view') }}

-- Apart from int_annotations, for the function that reads JSON keeps PostgreSQL from spreading a query over cores.
with annotations as (

    select * from {{ ref('int_annotations') }}
    where boxes_text <> '[]'

)

select
    annotation_id,
    scan_id,
    reader_id,
    {% for label in labels() %}
        {{ label }},
    {% endfor %}
    {{ json_list('boxes_text') }} as boxes
from annotations
