{#-
The staging models: the columns that the others read, from raw rows as they are or as they were. `…_now` are those of
the raw tables in any case, for whoever asks what was said since the models were made.
-#}
{% macro staged_annotations(rows) %}
with source as (

    {{ rows }}

)

select
    -- In the columns' own types: as texts, annotation 10 would come before annotation 9.
    id as annotation_key,
    mmg_scan_id as scan_key,
    "{{ var('created_at_column') }}" as created_at,
    id::text as annotation_id,
    mmg_scan_id::text as scan_id,
    {{ reader_id() }} as reader_id,
    {% for label in labels() %}
        {{ label }},
    {% endfor %}
    annotation_bboxes::text as boxes_text
from source
{% endmacro %}

{% macro staged_scans(rows) %}
with source as (

    {{ rows }}

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
{% endmacro %}
