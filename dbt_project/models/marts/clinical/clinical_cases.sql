with images as (

    select * from {{ ref('stg_clinical_images') }}
    where is_last_indexed

),

reports as (

    select * from {{ ref('stg_clinical_reports') }}

),

pivoted as (

    select
        case_id,
        year,
        min(container) as container,
        min(blob) filter (where view = 'L_CC') as l_cc,
        min(blob) filter (where view = 'L_MLO') as l_mlo,
        min(blob) filter (where view = 'R_CC') as r_cc,
        min(blob) filter (where view = 'R_MLO') as r_mlo
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
                case when l_cc is null then 'L_CC' end,
                case when l_mlo is null then 'L_MLO' end,
                case when r_cc is null then 'R_CC' end,
                case when r_mlo is null then 'R_MLO' end
            ],
            null
        )
    ) as missing_views,
    num_nonnulls(l_cc, l_mlo, r_cc, r_mlo) as view_count,
    has_report
from cases
