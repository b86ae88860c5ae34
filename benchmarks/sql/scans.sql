-- The raw table of scans: four of each study. The setting benchmark.studies says how many studies.
drop table if exists mmgscans_mmgscan cascade;
create table mmgscans_mmgscan as
select
    4 * study + view as id,
    study as mmg_study_id,
    'mmg/' || study || '/' || view || '.png' as png_image,
    view || '.png' as file_name,
    3328 as rows,
    4096 as columns,
    0.07::double precision as pixel_spacing_row,
    0.07::double precision as pixel_spacing_column
from generate_series(1, current_setting('benchmark.studies')::integer) as studies (study)
cross join generate_series(0, 3) as views (view);
