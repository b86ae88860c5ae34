-- What jobs made of folders of DICOMs, and what is needed to believe it later; dbt reads them as the source `inference`.
-- They are the only record of scores; of files they are claims, which the digests let anyone check.

create schema if not exists doubleread;

create table if not exists doubleread.inference_runs (
    run_id text primary key,
    job text not null,
    status text not null check (status in ('running', 'succeeded', 'incomplete', 'failed')),
    reason text,
    input_dir text not null,
    output_dir text not null,
    config jsonb,
    config_sha256 text,
    model_sha256 text,
    runtime text,
    provider text,
    code_version text,
    code_sha256 text,
    input_sha256 text,
    pixels_sha256 text,
    output_sha256 text,
    series_processed integer,
    series_skipped integer,
    series_failed integer,
    damaged_files integer,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    seconds double precision,
    check ((status = 'failed') = (reason is not null)),
    check ((status = 'running') = (ended_at is null)),
    check (status not in ('succeeded', 'incomplete') or output_sha256 is not null)
);

create index if not exists inference_runs_output on doubleread.inference_runs (md5(output_dir));

comment on table doubleread.inference_runs is
'Each run of a job over a folder: what it was given, what came out, or why nothing did. One row per run.';

create table if not exists doubleread.inference_series (
    run_id text not null references doubleread.inference_runs (run_id) on delete cascade,
    series_instance_uid text not null,
    status text not null check (status in ('processed', 'skipped', 'failed')),
    reason text,
    modality text not null,
    volume_count integer,
    slice_count integer,
    image_rows integer,
    image_columns integer,
    input_sha256 text,
    pixels_sha256 text,
    derived_series_instance_uid text,
    file_count integer not null,
    clipped_count bigint not null,
    score_count integer not null,
    primary key (run_id, series_instance_uid),
    check ((status = 'processed') = (reason is null)),
    check (status <> 'processed' or (input_sha256 is not null and pixels_sha256 is not null))
);

comment on table doubleread.inference_series is
'What became of each series of a run''s folder. One row per run and series.';

create table if not exists doubleread.predictions (
    run_id text not null references doubleread.inference_runs (run_id) on delete cascade,
    series_instance_uid text not null,
    volume_index integer not null,
    slice_index integer,
    sop_instance_uid text,
    score_index integer not null,
    score_name text,
    score double precision not null
);

create unique index if not exists predictions_key on doubleread.predictions (
    run_id, series_instance_uid, volume_index, coalesce(slice_index, -1), score_index
);

comment on table doubleread.predictions is
'The scores that a job gave to slices or volumes. One row per run, series, volume, slice and score.';
