-- The index of clinical images and the reports, read from Azure; dbt reads them as the source `clinical`. They are
-- claims about the container and the table, checked against each image's ETag before it is relied on.

create schema if not exists doubleread;

-- A table that was made before views were written in small letters gets them.
do $$
begin
    if exists (
        select from pg_constraint
        where conrelid = to_regclass('doubleread.clinical_images') and conname = 'clinical_images_view_check'
    ) then
        alter table doubleread.clinical_images drop constraint clinical_images_view_check;
        update doubleread.clinical_images set view = lower(view);
        alter table doubleread.clinical_images
        add constraint clinical_images_view check (view in ('l_cc', 'l_mlo', 'r_cc', 'r_mlo'));
    end if;
end
$$;

create table if not exists doubleread.clinical_images (
    container text not null,
    blob text not null,
    year integer,
    case_id text,
    view text constraint clinical_images_view check (view in ('l_cc', 'l_mlo', 'r_cc', 'r_mlo')),
    size_bytes bigint not null,
    etag text not null,
    md5 text,
    last_modified timestamptz not null,
    seen_at timestamptz not null,
    problem text,
    check ((problem is null) = (year is not null and case_id is not null and view is not null))
);

-- A blob's name can be longer than an index entry may be.
create unique index if not exists clinical_images_key on doubleread.clinical_images (container, md5(blob));

create index if not exists clinical_images_case on doubleread.clinical_images (case_id, year);

comment on table doubleread.clinical_images is
'The blobs whose names hold a year, a case id or a view, as the last listing of their container found them. One row per container and blob.';

create table if not exists doubleread.clinical_reports (
    case_id text not null,
    year integer not null,
    report text not null,
    etag text not null,
    read_at timestamptz not null,
    primary key (case_id, year)
);

comment on table doubleread.clinical_reports is
'The radiologists'' reports, as the last reading of the report table found them. One row per case id and year.';

create table if not exists doubleread.clinical_index_runs (
    container text not null,
    listed_at timestamptz not null,
    blobs bigint not null,
    matching bigint not null,
    partial bigint not null,
    added bigint not null,
    changed bigint not null,
    removed bigint not null,
    seconds double precision not null
);

comment on table doubleread.clinical_index_runs is
'What each listing of a container found and changed in clinical_images. One row per refresh.';
