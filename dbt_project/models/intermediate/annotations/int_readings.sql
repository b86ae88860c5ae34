with scans as (

    select * from {{ ref('int_scans') }}

),

annotations as (

    select * from {{ ref('int_annotations') }}

),

readings as (

    select
        scans.study_id,
        annotations.reader_id,
        {% for label in labels() %}
            case
                when bool_and(annotations.{{ label }}) then 'positive'
                when bool_or(annotations.{{ label }}) then 'inconsistent'
                else 'negative'
            end as {{ label }},
        {% endfor %}
        max(scans.scan_count) as scan_count,
        count(*) as annotated_scan_count
    from annotations
    inner join scans on annotations.scan_id = scans.scan_id
    group by scans.study_id, annotations.reader_id

)

select
    *,
    scan_count = {{ var('scans_per_study') }} and annotated_scan_count = scan_count as is_complete
from readings
