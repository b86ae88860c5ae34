{{ config(materialized='ephemeral') }}

with source as (

    select
        id::text as id,
        mmg_study_id::text as mmg_study_id,
        {% if var('patient_column') %}
            "{{ var('patient_column') }}"::text as patient_id,
        {% else %}
            null::text as patient_id,
        {% endif %}
        png_image::text as png_image,
        file_name::text as file_name,
        rows::text as image_rows,
        columns::text as image_columns
    from {{ source('annotations', 'mmgscans_mmgscan') }}

)

select
    *,
    {{ row_hash(['id', 'mmg_study_id', 'patient_id', 'png_image', 'file_name', 'image_rows', 'image_columns']) }}
        as row_hash
from source
