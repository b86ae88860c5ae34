-- What the runs of dbt that Dagster started found and left, so that a run with nothing to do can tell.

create schema if not exists doubleread;

create table if not exists doubleread.built_models (
    models text primary key,
    read text not null,
    made text not null,
    tests jsonb not null,
    run_id text not null,
    built_at timestamptz not null default now()
);

comment on table doubleread.built_models is
'The last successful run of each set of models: fingerprints of what it read and of what it made, and what
became of its tests. One row per set.';
