with source as (

    select * from {{ source('raw', 'mmgscans_mmgscanannotation') }}

),

superseded as (

    select * from {{ ref('stg_superseded_annotations') }}

),

renamed as (

    select
        id::text as annotation_id,
        mmg_scan_id::text as scan_id,
        "{{ var('reader_column') }}"::text as reader_id,
        {% for label in labels() %}
            coalesce({{ label }}, false) as {{ label }},
        {% endfor %}
        annotation_bboxes::text as boxes_text
    from source
    where
        mmg_scan_id is not null
        and "{{ var('reader_column') }}" is not null
        and not exists (
            select 1 from superseded
            where superseded.annotation_id = source.id
        )

)

select * from renamed
