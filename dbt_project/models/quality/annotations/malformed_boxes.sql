with boxes as (

    select * from {{ ref('int_boxes') }}

)

select
    annotation_id,
    scan_id,
    reader_id,
    defect as reason,
    count(*)::integer as box_count
from boxes
where defect is not null
group by annotation_id, scan_id, reader_id, defect
