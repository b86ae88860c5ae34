with images as (

    select * from {{ ref('int_clinical_images') }}
    where is_last_indexed

),

reports as (

    select * from {{ ref('stg_clinical__reports') }}

),

pivoted as (

    select
        case_id,
        year,
        min(container) as container,
        min(blob) filter (where view = 'l_cc') as l_cc,
        min(blob) filter (where view = 'l_mlo') as l_mlo,
        min(blob) filter (where view = 'r_cc') as r_cc,
        min(blob) filter (where view = 'r_mlo') as r_mlo
    from images
    group by case_id, year

),

cases as (

    select
        coalesce(pivoted.case_id, reports.case_id) as case_id,
        coalesce(pivoted.year, reports.year) as year,
        pivoted.container,
        pivoted.l_cc,
        pivoted.l_mlo,
        pivoted.r_cc,
        pivoted.r_mlo,
        reports.case_id is not null as has_report
    from pivoted
    full outer join reports
        on
            pivoted.case_id = reports.case_id
            and pivoted.year = reports.year

)

select
    case_id,
    year,
    container,
    l_cc,
    l_mlo,
    r_cc,
    r_mlo,
    to_jsonb(
        array_remove(
            array[
                case when l_cc is null then 'l_cc' end,
                case when l_mlo is null then 'l_mlo' end,
                case when r_cc is null then 'r_cc' end,
                case when r_mlo is null then 'r_mlo' end
            ],
            null
        )
    ) as missing_views,
    num_nonnulls(l_cc, l_mlo, r_cc, r_mlo) as view_count,
    has_report
from cases
