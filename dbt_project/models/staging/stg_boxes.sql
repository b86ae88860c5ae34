with annotations as (

    select * from {{ ref('stg_annotations') }}
    where boxes_text <> '[]'

),

read as (

    select
        annotation_id,
        scan_id,
        reader_id,
        {% for label in labels() %}
            {{ label }},
        {% endfor %}
        {{ json_list('boxes_text') }} as boxes
    from annotations

)

select * from read
