{{ config(materialized='ephemeral') }}

with source as (

    select
        id::text as id,
        mmg_scan_id::text as mmg_scan_id,
        "{{ var('reader_column') }}"::text as reader_id,
        "{{ var('created_at_column') }}" as created_at,
        {% for label in labels() %}
            {{ label }},
        {% endfor %}
        annotation_bboxes::text as annotation_bboxes
    from {{ source('annotations', 'mmgscans_mmgscanannotation') }}

)

select
    *,
    {{ row_hash(['id', 'mmg_scan_id', 'reader_id', 'created_at'] + labels() + ['annotation_bboxes']) }} as row_hash
from source
