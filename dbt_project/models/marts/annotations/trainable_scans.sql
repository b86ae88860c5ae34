-- Whose image a file is, is looked up by the path's hash: a path may be longer than an entry of an index. An index of
-- numbers is made in an eighth of the time that one of the type `hash` takes.
{{ config(indexes=[{'columns': ['hashtext(png_image)']}]) }}

with scans as (

    select * from {{ ref('int_scans') }}

),

claimed as (

    select
        study_id,
        bool_or(verdict = 'double_matched') as is_matched,
        coalesce(
            jsonb_agg(jsonb_build_object('label', label, 'reason', verdict) order by label collate "C")
            filter (where verdict <> 'double_matched'),
            '[]'
        ) as rejected
    from {{ ref('int_verdicts') }}
    group by study_id

),

read_whole as (

    select
        study_id,
        count(*) filter (where is_complete) as reader_count
    from {{ ref('int_readings') }}
    group by study_id

),

-- A study that nobody calls anything and that too few have read whole is nothing that a network could be told.
roles as (

    select
        read_whole.study_id,
        case
            when claimed.is_matched then 'finding'
            when claimed.study_id is not null then 'hard_case'
            when read_whole.reader_count >= {{ var('min_matching_readers') }} then 'negative'
        end as role,
        coalesce(claimed.rejected, '[]') as rejected
    from read_whole
    left join claimed on read_whole.study_id = claimed.study_id

)

select
    scans.scan_id,
    scans.study_id,
    scans.patient_id,
    scans.png_image,
    roles.role,
    roles.rejected
from scans
inner join roles on scans.study_id = roles.study_id
where roles.role is not null
