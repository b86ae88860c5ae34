-- Annotations of the scans of scans.sql: two readers see a malignant mass, and in every tenth study a third one does not;
-- of every fiftieth study the second reader does not see it either, so that it is rejected. Keys and indexes are those
-- that Django gives these tables. The setting benchmark.studies says how many studies.
alter table mmgscans_mmgscan add primary key (id);
create index on mmgscans_mmgscan (mmg_study_id);

drop table if exists mmgscans_mmgscanannotation cascade;
create table mmgscans_mmgscanannotation as
select
    row_number() over () as id,
    4 * study + view as mmg_scan_id,
    reader as user_id,
    '[{"id": 1, "comment": "Mal. Mass", "mark": {"x": 812, "y": 1430, "width": 240, "height": 260}}]'
    as annotation_bboxes,
    false as has_benign_microcalsifications,
    false as has_malign_microcalcifications,
    false as has_benign_mass,
    reader = 1 or (reader = 2 and study % 50 > 0) as has_malign_mass,
    timestamptz '2024-01-01' + study * interval '1 minute' as created_at
from generate_series(1, current_setting('benchmark.studies')::integer) as studies (study)
cross join generate_series(0, 3) as views (view)
cross join generate_series(1, 3) as readers (reader)
where reader < 3 or study % 10 = 0;

alter table mmgscans_mmgscanannotation add primary key (id);
create index on mmgscans_mmgscanannotation (mmg_scan_id);
create index on mmgscans_mmgscanannotation (user_id);
analyze;
