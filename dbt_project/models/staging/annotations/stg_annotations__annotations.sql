with source as (

    {{ raw_annotations() }}

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
