-- The program's own records: what became of every image and of every picture. They are claims about files and are
-- checked against the files before they are relied on; losing them costs time, never a result.

create schema if not exists doubleread;

-- A table that was made before its columns had these names gets them.
do $$
begin
    if exists (
        select from pg_attribute where attrelid = to_regclass('doubleread.retrieved_scans') and attname = 'store'
    ) then
        alter table doubleread.retrieved_scans rename column store to store_url;
        alter table doubleread.retrieved_scans rename column image to png_image;
    end if;
end
$$;

-- Tables that were made before they had these columns get them; what was made then stays without.
do $$
declare
    lacking record;
begin
    for lacking in
        select known.relation, known.name, known.type
        from (
            values
            ('doubleread.pictures', 'drawing', 'jsonb'),
            ('doubleread.pictures', 'code_version', 'text'),
            ('doubleread.pictures', 'source_keepable', 'boolean'),
            ('doubleread.clean_images', 'code_version', 'text'),
            ('doubleread.clean_images', 'study_uid', 'text'),
            ('doubleread.clean_images', 'series_uid', 'text'),
            ('doubleread.clean_images', 'uid', 'text'),
            ('doubleread.clean_images', 'sop_class_uid', 'text')
        ) as known (relation, name, type)
        where
            to_regclass(known.relation) is not null
            and not exists (
                select from pg_attribute where attrelid = to_regclass(known.relation) and attname = known.name
            )
    loop
        execute format('alter table %s add column %I %s', lacking.relation, lacking.name, lacking.type);
    end loop;
end
$$;

create table if not exists doubleread.retrieved_scans (
    store_url text not null,
    png_image text not null,
    status text not null check (status in ('retrieved', 'failed')),
    reason text,
    retryable boolean not null,
    attempts integer not null,
    size_bytes bigint,
    etag text,
    version text,
    last_modified timestamptz,
    sha256 text,
    local_path text,
    local_mtime_ns bigint,
    seconds double precision not null,
    run_id text not null,
    updated_at timestamptz not null default now(),
    check ((status = 'failed') = (reason is not null))
);

-- Image paths can be longer than an index entry may be.
create unique index if not exists retrieved_scans_key on doubleread.retrieved_scans (store_url, md5(png_image));

create index if not exists retrieved_scans_sha256 on doubleread.retrieved_scans (sha256 collate "C");

comment on table doubleread.retrieved_scans is
'What became of each image that a finding needs: the verified local copy, or why there is none. One row per store and path.';

create table if not exists doubleread.pictures (
    training_set text not null,
    finding_id text not null,
    label text not null,
    scan_id text not null,
    status text not null check (status in ('drawn', 'failed')),
    reason text,
    finding_hash text not null,
    path text,
    sha256 text,
    size_bytes bigint,
    mtime_ns bigint,
    width integer,
    height integer,
    boxes_drawn integer,
    boxes_clipped integer,
    boxes_skipped integer,
    source_image text not null,
    source_version text,
    source_sha256 text,
    source_keepable boolean,
    drawing_version integer not null,
    drawing jsonb,
    verified boolean not null default false,
    run_id text not null,
    code_version text,
    updated_at timestamptz not null default now(),
    primary key (training_set, finding_id),
    check ((status = 'failed') = (reason is not null))
);

-- For files of unknown origin: bytewise, so that the beginning of a SHA-256 is enough.
create index if not exists pictures_sha256 on doubleread.pictures (sha256 collate "C");

-- Scans whose compressed pixels a clean image can keep without inflating them again.
create index if not exists pictures_keepable on doubleread.pictures (source_sha256) where source_keepable;

comment on table doubleread.pictures is
'The picture of each finding, or why there is none. One row per training set folder and finding.';

create table if not exists doubleread.clean_images (
    destination text not null,
    store_url text not null,
    png_image text not null,
    bits integer not null,
    status text not null check (status in ('made', 'failed')),
    reason text,
    source_sha256 text,
    source_version text,
    cleaning_version integer not null,
    sha256 text,
    size_bytes bigint,
    object_etag text,
    width integer,
    height integer,
    sample_bits integer,
    channels integer,
    value_offset integer,
    inverted boolean,
    patient_digest text,
    study_uid text,
    series_uid text,
    uid text,
    sop_class_uid text,
    run_id text not null,
    code_version text,
    updated_at timestamptz not null default now(),
    check ((status = 'failed') = (reason is not null))
);

create unique index if not exists clean_images_key
on doubleread.clean_images (destination, store_url, md5(png_image), bits);

create index if not exists clean_images_sha256 on doubleread.clean_images (sha256 collate "C");
create index if not exists clean_images_image on doubleread.clean_images (md5(png_image));

comment on table doubleread.clean_images is
'The clean image of each scan that an export holds, or why there is none. One row per destination, image and bits asked for.';

-- What a text says is nowhere kept: it may be a patient's name.
create table if not exists doubleread.text_findings (
    source_sha256 text not null,
    detector text not null,
    regions jsonb not null,
    run_id text not null,
    updated_at timestamptz not null default now(),
    primary key (source_sha256, detector)
);

comment on table doubleread.text_findings is
'Where an image has text that is no view marker, as one detector found it; an empty list where it has none. '
'One row per content of an image and detector.';

create table if not exists doubleread.text_decisions (
    decision_id bigint generated always as identity primary key,
    source_sha256 text not null,
    decision text not null check (decision in ('accepted', 'refused')),
    decided_by text not null,
    decided_at timestamptz not null default now()
);

create index if not exists text_decisions_source on doubleread.text_decisions (source_sha256);

comment on table doubleread.text_decisions is
'What a person decided of an image with text; the last one counts. One row per decision.';

create table if not exists doubleread.thumbnails (
    destination text not null,
    thumbnail_key text not null,
    jpeg bytea not null,
    primary key (destination, thumbnail_key)
);

comment on table doubleread.thumbnails is
'What the contact sheets of a destination''s data card show, by what it was made of, so that only new ones are made.';

create table if not exists doubleread.versions (
    destination text not null,
    generation text not null,
    run_id text not null,
    published_at timestamptz not null default now(),
    as_of timestamptz,
    project_variables jsonb not null,
    store_url text not null,
    export_options jsonb not null,
    split_salt text not null,
    split_ratios double precision[] not null,
    left_out text[] not null,
    cleaning_version integer not null,
    doubleread text not null,
    primary key (destination, generation, run_id)
);

comment on table doubleread.versions is
'What each publication of a generation was made with: all that is needed to build it again. One row per publication.';
