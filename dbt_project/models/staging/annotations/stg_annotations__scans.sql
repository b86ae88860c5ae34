with source as (

    {{ raw_scans() }}

)

select
    id::text as scan_id,
    mmg_study_id::text as study_id,
    {{ patient_id() }} as patient_id,
    png_image::text as png_image,
    file_name::text as file_name,
    case when rows between 0 and 2147483647 then rows::integer end as image_rows,
    case when columns between 0 and 2147483647 then columns::integer end as image_columns
from source
