-- The marts as one script for one database: ids are integers, boxes are text, labels are bits. The fastest of the
-- formulations that were tried; its result is the same as the project's, table by table.
drop schema if exists by_hand cascade;
create schema by_hand;

create unlogged table by_hand.superseded as
select earlier.id
from mmgscans_mmgscanannotation as earlier
where exists (
    select 1
    from mmgscans_mmgscanannotation as later
    where
        later.mmg_scan_id = earlier.mmg_scan_id
        and later.user_id = earlier.user_id
        and (coalesce(later.created_at, '-infinity'), later.id)
        > (coalesce(earlier.created_at, '-infinity'), earlier.id)
);
analyze by_hand.superseded;

create unlogged table by_hand.reading as
with study as (
    select mmg_study_id as study, count(*) as scans
    from mmgscans_mmgscan
    where mmg_study_id is not null
    group by mmg_study_id
),

answers as (
    select
        scan.mmg_study_id as study,
        said.user_id as reader,
        count(*) as annotated,
        bit_and(said.bits) as yes,
        bit_or(said.bits) as claimed
    from (
        select
            id,
            mmg_scan_id,
            user_id,
            coalesce(has_benign_microcalsifications, false)::integer
            + 2 * coalesce(has_malign_microcalcifications, false)::integer
            + 4 * coalesce(has_benign_mass, false)::integer
            + 8 * coalesce(has_malign_mass, false)::integer as bits
        from mmgscans_mmgscanannotation
        where user_id is not null
    ) as said
    inner join mmgscans_mmgscan as scan on said.mmg_scan_id = scan.id
    where
        scan.mmg_study_id is not null
        and not exists (select 1 from by_hand.superseded where superseded.id = said.id)
    group by scan.mmg_study_id, said.user_id
)

select
    answers.study,
    answers.reader,
    answers.yes,
    answers.claimed,
    study.scans,
    study.scans = 4 and answers.annotated = 4 as complete
from answers
inner join study on answers.study = study.study;
analyze by_hand.reading;

create unlogged table by_hand.verdict as
select
    claim.study,
    claim.label,
    study.readers,
    claim.matching,
    claim.matching_readers,
    case
        when claim.matching >= 2 then null
        when study.scans <> 4 then 'incomplete_study'
        when claim.unfinished then 'incomplete_reading'
        when claim.mixed then 'inconsistent_reading'
        when study.readers = 1 then 'single_reader'
        else 'readers_disagree'
    end as reason
from (
    select
        reading.study,
        label.label,
        count(*) filter (where reading.complete and reading.yes & label.bit > 0) as matching,
        array_agg(reading.reader order by reading.reader::text collate "C") filter (
            where reading.complete and reading.yes & label.bit > 0
        ) as matching_readers,
        bool_or(not reading.complete) as unfinished,
        bool_or(reading.yes & label.bit = 0) as mixed
    from by_hand.reading
    inner join (
        values
        (1, 'has_benign_microcalsifications'),
        (2, 'has_malign_microcalcifications'),
        (4, 'has_benign_mass'),
        (8, 'has_malign_mass')
    ) as label (bit, label) on reading.claimed & label.bit > 0
    where reading.claimed > 0
    group by reading.study, label.label
) as claim
inner join (
    select study, min(scans) as scans, count(*) filter (where complete) as readers
    from by_hand.reading
    group by study
) as study on claim.study = study.study;
analyze by_hand.verdict;

create unlogged table by_hand.box as
select
    annotation.id,
    annotation.mmg_scan_id as scan,
    annotation.user_id as reader,
    case
        annotation.has_benign_microcalsifications::integer + 2 * annotation.has_malign_microcalcifications::integer
        + 4 * annotation.has_benign_mass::integer + 8 * annotation.has_malign_mass::integer
        when 1 then 'has_benign_microcalsifications'
        when 2 then 'has_malign_microcalcifications'
        when 4 then 'has_benign_mass'
        when 8 then 'has_malign_mass'
    end as only_label,
    items.element ->> 'comment' as comment,
    trim_scale(mark.x) as x,
    trim_scale(mark.y) as y,
    trim_scale(mark.width) as width,
    trim_scale(mark.height) as height,
    case when mark.x is null then coalesce(items.element, 'null') end as element
from mmgscans_mmgscanannotation as annotation
left join lateral jsonb_array_elements(staging.json_list(annotation.annotation_bboxes)) as items (element) on true
left join lateral jsonb_to_record(
    case
        when
            items.element @@ 'strict
                $.mark.x.abs() <= 2147483647 && $.mark.y.abs() <= 2147483647
                && $.mark.width.abs() <= 2147483647 && $.mark.height.abs() <= 2147483647'
            then items.element -> 'mark'
    end
) as mark (x numeric, y numeric, width numeric, height numeric) on true
where
    annotation.annotation_bboxes <> '[]'
    and annotation.user_id is not null
    and annotation.mmg_scan_id is not null
    and not exists (select 1 from by_hand.superseded where superseded.id = annotation.id)
    and (items.element is not null or staging.json_list(annotation.annotation_bboxes) is null);
analyze by_hand.box;

create table by_hand.malformed_boxes as
select
    id::text as annotation_id,
    scan::text as scan_id,
    reader::text as reader_id,
    case
        when jsonb_typeof(element) = 'null' then 'not_a_list'
        when jsonb_typeof(element) <> 'object' then 'not_an_object'
        when coalesce(jsonb_typeof(element -> 'mark'), 'none') <> 'object' then 'no_mark'
        when not coalesce(
            element @@ 'strict $.mark.x.type() == "number" && $.mark.y.type() == "number"
                && $.mark.width.type() == "number" && $.mark.height.type() == "number"',
            false
        ) then 'not_a_number'
        else 'out_of_range'
    end as reason,
    count(*)::integer as box_count
from by_hand.box
where element is not null
group by 1, 2, 3, 4;

create table by_hand.double_matched_findings as
with finding as (
    select
        verdict.*,
        scan.id as scan,
        scan.png_image,
        scan.file_name,
        scan.rows,
        scan.columns
    from by_hand.verdict
    inner join mmgscans_mmgscan as scan on verdict.study = scan.mmg_study_id
    where verdict.reason is null
),

drawn as (
    select
        finding.scan,
        finding.label,
        count(*) as box_count,
        jsonb_agg(
            jsonb_build_object(
                'reader', box.reader::text, 'x', box.x, 'y', box.y, 'width', box.width, 'height', box.height,
                'comment', box.comment
            )
            order by box.reader::text collate "C", box.x, box.y, box.width, box.height, box.comment collate "C"
        ) as boxes,
        string_agg(
            json_build_array(box.reader::text, box.x, box.y, box.width, box.height)::text, ', '
            order by box.reader::text collate "C", box.x, box.y, box.width, box.height, box.comment collate "C"
        ) as geometry
    from finding
    inner join (
        select
            box.*,
            coalesce(label_patterns.label, box.only_label) as label
        from by_hand.box
        left join seeds.label_patterns on strpos(lower(box.comment), lower(label_patterns.pattern)) > 0
        where box.element is null
    ) as box
        on
            finding.scan = box.scan
            and finding.label = box.label
            and box.reader = any(finding.matching_readers)
    group by finding.scan, finding.label
)

select
    md5(json_build_array(finding.study::text, finding.scan::text, finding.label)::text) as finding_id,
    finding.study::text as study_id,
    finding.scan::text as scan_id,
    finding.label,
    finding.png_image,
    finding.file_name,
    finding.rows as image_rows,
    finding.columns as image_columns,
    finding.readers::integer as reader_count,
    finding.matching::integer as matching_reader_count,
    to_jsonb(finding.matching_readers::text[]) as matching_readers,
    coalesce(drawn.boxes, '[]') as boxes,
    coalesce(drawn.box_count, 0)::integer as box_count,
    md5(json_build_array(finding.label, finding.png_image)::text || coalesce(drawn.geometry, '')) as finding_hash
from finding
left join drawn on finding.scan = drawn.scan and finding.label = drawn.label;
alter table by_hand.double_matched_findings add primary key (finding_id);

create table by_hand.rejected_findings as
select
    study::text as study_id,
    label,
    reason,
    readers::integer as reader_count,
    matching::integer as positive_reader_count
from by_hand.verdict
where reason is not null;
alter table by_hand.rejected_findings add primary key (study_id, label);

create table by_hand.reader_agreement as
with pair as (
    select
        a.reader as reader_a,
        b.reader as reader_b,
        a.yes as yes_a,
        a.claimed as claimed_a,
        b.yes as yes_b,
        b.claimed as claimed_b,
        count(*) as studies
    from by_hand.reading as a
    inner join by_hand.reading as b on a.study = b.study and a.reader::text collate "C" < b.reader::text collate "C"
    where a.complete and b.complete
    group by a.reader, b.reader, a.yes, a.claimed, b.yes, b.claimed
),

counted as (
    select
        label.label,
        pair.reader_a::text as reader_a,
        pair.reader_b::text as reader_b,
        sum(pair.studies)::bigint as studies,
        coalesce(sum(pair.studies) filter (where yes_a & yes_b & bit > 0), 0)::bigint as both_positive,
        coalesce(sum(pair.studies) filter (where yes_a & bit > 0 and claimed_b & bit = 0), 0)::bigint as only_a,
        coalesce(sum(pair.studies) filter (where claimed_a & bit = 0 and yes_b & bit > 0), 0)::bigint as only_b,
        coalesce(sum(pair.studies) filter (where (claimed_a | claimed_b) & bit = 0), 0)::bigint as both_negative
    from pair
    cross join (
        values
        (1, 'has_benign_microcalsifications'),
        (2, 'has_malign_microcalcifications'),
        (4, 'has_benign_mass'),
        (8, 'has_malign_mass')
    ) as label (bit, label)
    group by label.label, pair.reader_a, pair.reader_b
),

cells as (
    select *, both_positive + only_a + only_b + both_negative as n
    from counted
)

select
    label,
    reader_a,
    reader_b,
    studies::integer as study_count,
    both_positive::integer as both_positive_count,
    only_a::integer as only_a_positive_count,
    only_b::integer as only_b_positive_count,
    both_negative::integer as both_negative_count,
    (studies - n)::integer as inconsistent_count,
    (both_positive + both_negative)::double precision / nullif(n, 0) as observed_agreement,
    2.0::double precision * (both_positive * both_negative - only_a * only_b)
    / nullif(
        (both_positive + only_a) * (only_a + both_negative) + (both_positive + only_b) * (only_b + both_negative), 0
    ) as cohens_kappa,
    2.0::double precision * both_positive / nullif(2 * both_positive + only_a + only_b, 0) as positive_agreement,
    2.0::double precision * both_negative / nullif(2 * both_negative + only_a + only_b, 0) as negative_agreement
from cells;
alter table by_hand.reader_agreement add primary key (label, reader_a, reader_b);
