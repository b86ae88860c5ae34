{{ config(materialized='view') }}

with boxes as (

    select * from {{ ref('int_boxes') }}
    where defect is null

),

patterns as (

    select * from {{ ref('label_patterns') }}

),

labelled as (

    select
        boxes.scan_id,
        boxes.reader_id,
        coalesce(patterns.label, boxes.only_label) as label,
        boxes.x,
        boxes.y,
        boxes.width,
        boxes.height,
        boxes.comment
    from boxes
    left join patterns on strpos(lower(boxes.comment), lower(patterns.pattern)) > 0

)

select * from labelled
where label is not null
