{{ config(materialized='view') }}

with annotations as (

    select * from {{ ref('stg_annotations__annotations') }}

),

superseded as (

    select * from {{ ref('int_superseded_annotations') }}

)

select
    annotation_id,
    scan_id,
    reader_id,
    {% for label in labels() %}
        coalesce({{ label }}, false) as {{ label }},
    {% endfor %}
    boxes_text
from annotations
where
    scan_id is not null
    and reader_id is not null
    and not exists (
        select 1 from superseded
        where superseded.annotation_key = annotations.annotation_key
    )
