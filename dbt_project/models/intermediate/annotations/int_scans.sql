with scans as (

    select
        scan_id,
        study_id,
        patient_id,
        png_image,
        file_name,
        image_rows,
        image_columns
    from {{ ref('stg_annotations__scans') }}
    where scan_id is not null and study_id is not null

),

studies as (

    select
        study_id,
        count(*) as scan_count
    from scans
    group by study_id

)

select
    scans.*,
    studies.scan_count
from scans
inner join studies on scans.study_id = studies.study_id
