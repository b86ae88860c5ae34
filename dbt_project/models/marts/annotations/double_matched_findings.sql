-- The results service lists findings by study.
{{ config(indexes=[{'columns': ['study_id']}]) }}

with matches as (

    select * from {{ ref('int_verdicts') }}
    where verdict = 'double_matched'

),

scans as (

    select * from {{ ref('int_scans') }}

),

box_labels as (

    select * from {{ ref('int_box_labels') }}

),

findings as (

    select
        matches.study_id,
        matches.label,
        matches.reader_count,
        matches.matching_reader_count,
        matches.matching_readers,
        scans.scan_id,
        scans.png_image,
        scans.file_name,
        scans.image_rows,
        scans.image_columns
    from matches
    inner join scans on matches.study_id = scans.study_id

),

-- A finding shows its own label's boxes, from the matching readers, in an order that the source's does not change.
drawn as (

    select
        findings.scan_id,
        findings.label,
        count(*) as box_count,
        jsonb_agg(
            jsonb_build_object(
                'reader', box_labels.reader_id,
                'x', box_labels.x,
                'y', box_labels.y,
                'width', box_labels.width,
                'height', box_labels.height,
                'comment', box_labels.comment
            )
            order by
                box_labels.reader_id collate "C", box_labels.x, box_labels.y, box_labels.width, box_labels.height,
                box_labels.comment collate "C"
        ) as boxes,
        string_agg(
            json_build_array(
                box_labels.reader_id, box_labels.x, box_labels.y, box_labels.width, box_labels.height
            )::text,
            ', '
            order by
                box_labels.reader_id collate "C", box_labels.x, box_labels.y, box_labels.width, box_labels.height,
                box_labels.comment collate "C"
        ) as geometry
    from findings
    inner join box_labels
        on
            findings.scan_id = box_labels.scan_id
            and findings.label = box_labels.label
            and findings.matching_readers ? box_labels.reader_id
    group by findings.scan_id, findings.label

)

select
    md5(json_build_array(findings.study_id, findings.scan_id, findings.label)::text) as finding_id,
    findings.study_id,
    findings.scan_id,
    findings.label,
    findings.png_image,
    findings.file_name,
    findings.image_rows,
    findings.image_columns,
    findings.reader_count::integer as reader_count,
    findings.matching_reader_count::integer as matching_reader_count,
    findings.matching_readers,
    coalesce(drawn.boxes, '[]') as boxes,
    coalesce(drawn.box_count, 0)::integer as box_count,
    md5(
        json_build_array(findings.label, findings.png_image)::text || coalesce(drawn.geometry, '')
    ) as finding_hash
from findings
left join drawn on findings.scan_id = drawn.scan_id and findings.label = drawn.label
