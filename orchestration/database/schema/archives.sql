-- The index of archives and what became of its DICOMs, as far as one database holds them; dbt reads them as the source
-- `archives`. They are copies of Parquet: of the index, and of the records beside the DICOMs.

create schema if not exists doubleread;

-- Tables of an earlier form are made anew: they are copies, which the next materialization of archive_index loads again.
do $$
begin
    if exists (
        select from pg_attribute
        where attrelid = to_regclass('doubleread.archives') and attname = 'partition_key' and not attisdropped
    ) then
        drop table if exists
            doubleread.archives, doubleread.archive_members, doubleread.archive_problems,
            doubleread.reassembled_partitions, doubleread.reassembled_dicoms, doubleread.reassembly_unmatched
        cascade;
    end if;
end
$$;

create table if not exists doubleread.archives (
    archive_id bigint primary key,
    store_url text not null,
    kind text not null check (kind in ('text', 'image')),
    archive text not null,
    version text not null,
    size_bytes bigint not null,
    members bigint not null,
    problems bigint not null
);

comment on table doubleread.archives is
'The tar archives that the index knows, each in the version that was indexed. One row per archive.';

-- Archives are loaded one after the other, so the key is filled in its order and costs little.
create table if not exists doubleread.archive_members (
    archive_id bigint not null,
    byte_offset bigint not null,
    size_bytes bigint not null,
    uid text not null,
    partition_key text not null check (partition_key ~ '^[0-9a-f]{2}$'),
    primary key (archive_id, byte_offset)
);

comment on table doubleread.archive_members is
'Where each header and each set of pixels lies, and the partition of its UID. One row per archive and offset.';

create table if not exists doubleread.archive_problems (
    archive_id bigint not null,
    member text not null,
    byte_offset bigint not null,
    reason text not null
);

create index if not exists archive_problems_archive on doubleread.archive_problems (archive_id);

comment on table doubleread.archive_problems is
'What of the archives could not be indexed, and why. One row per member or archive that does not fit.';

create table if not exists doubleread.reassembled_partitions (
    partition_key text primary key,
    output text not null,
    dicoms bigint not null,
    unmatched bigint not null,
    loaded_at timestamptz not null
);

comment on table doubleread.reassembled_partitions is
'The partitions of UIDs that were reassembled at least once. One row per partition.';

create table if not exists doubleread.reassembled_dicoms (
    partition_key text not null,
    uid text not null,
    object text not null,
    byte_offset bigint not null,
    size_bytes bigint not null,
    transfer_syntax text not null,
    through_pydicom boolean not null,
    primary key (partition_key, uid)
);

comment on table doubleread.reassembled_dicoms is
'The DICOMs that were put together again, and where their bytes are. One row per partition and UID.';

create table if not exists doubleread.reassembly_unmatched (
    partition_key text not null,
    uid text not null,
    kind text not null check (kind in ('text', 'image')),
    store_url text not null,
    archive text not null,
    byte_offset bigint not null,
    reason text not null,
    detail text not null
);

create index if not exists reassembly_unmatched_partition on doubleread.reassembly_unmatched (partition_key);

comment on table doubleread.reassembly_unmatched is
'Members that are in no DICOM, or add nothing to one, and why. One row per member and reason.';
