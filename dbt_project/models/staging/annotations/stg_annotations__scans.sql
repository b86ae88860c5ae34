with source as (

    {{ raw_scans() }}

)

select
    -- In the columns' own types, for which the source has indexes.
    id as scan_key,
    mmg_study_id as study_key,
    id::text as scan_id,
    mmg_study_id::text as study_id,
    {{ patient_id() }} as patient_id,
    png_image::text as png_image,
    file_name::text as file_name,
    case when rows between 0 and 2147483647 then rows::integer end as image_rows,
    case when columns between 0 and 2147483647 then columns::integer end as image_columns
from source
