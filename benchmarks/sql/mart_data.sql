-- Studies of four scans, each read by four readers: 16 annotations a study, one in a hundred made once more.
-- A label is true of 5 to 15 % of the studies; a reader sees it in 80 % of those and in 3 % of the others, and draws
-- up to two boxes for it on a scan, one in ten without a comment. Readings lie in no order, as time leaves them.
-- The setting benchmark.studies says how many.
select setseed(0.5);

create temporary table truth as
select
    study,
    random() < 0.10 as ben_calc,
    random() < 0.05 as mal_calc,
    random() < 0.15 as ben_mass,
    random() < 0.10 as mal_mass
from generate_series(1, current_setting('benchmark.studies')::integer) as studies (study);

create temporary table reading as
select
    study,
    reader,
    random() < case when ben_calc then 0.8 else 0.03 end as ben_calc,
    random() < case when mal_calc then 0.8 else 0.03 end as mal_calc,
    random() < case when ben_mass then 0.8 else 0.03 end as ben_mass,
    random() < case when mal_mass then 0.8 else 0.03 end as mal_mass
from truth
cross join generate_series(1, 4) as readers (reader)
order by random();

drop table if exists mmgscans_mmgscanannotation cascade;
create table mmgscans_mmgscanannotation as
select
    row_number() over () as id,
    4 * reading.study + views.view as mmg_scan_id,
    reading.reader as user_id,
    coalesce((
        select json_agg(json_build_object(
            'id', box.number,
            'comment', case when random() < 0.9 then box.comment end,
            'mark', json_build_object(
                'x', (random() * 3000)::integer,
                'y', (random() * 4000)::integer,
                'width', 20 + (random() * 300)::integer,
                'height', 20 + (random() * 300)::integer,
                'type', 'RECT'
            )
        ))
        from (
            values
            (1, 'Ben. Calc', reading.ben_calc),
            (2, 'Ben. Calc', reading.ben_calc),
            (3, 'Mal. Calc', reading.mal_calc),
            (4, 'Mal. Calc', reading.mal_calc),
            (5, 'Ben. Mass', reading.ben_mass),
            (6, 'Ben. Mass', reading.ben_mass),
            (7, 'Mal. Mass', reading.mal_mass),
            (8, 'Mal. Mass', reading.mal_mass)
        ) as box (number, comment, is_said)
        where box.is_said and random() < 0.4
    ), '[]')::text as annotation_bboxes,
    reading.ben_calc as has_benign_microcalsifications,
    reading.mal_calc as has_malign_microcalcifications,
    reading.ben_mass as has_benign_mass,
    reading.mal_mass as has_malign_mass,
    timestamptz '2024-01-01' + reading.study * interval '1 minute' as created_at
from reading
cross join generate_series(0, 3) as views (view);

insert into mmgscans_mmgscanannotation
select
    1000000000 + id,
    mmg_scan_id,
    user_id,
    annotation_bboxes,
    has_benign_microcalsifications,
    has_malign_microcalcifications,
    has_benign_mass,
    has_malign_mass,
    created_at + interval '1 hour'
from mmgscans_mmgscanannotation
where random() < 0.01;

drop table truth, reading;
analyze;
