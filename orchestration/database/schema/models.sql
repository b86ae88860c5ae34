-- What the runs of dbt that Dagster started found and left: so that a run with nothing to do can tell, and so that a
-- question can tell which run made a table, with which code and variables.

create schema if not exists doubleread;

create table if not exists doubleread.model_runs (
    invocation_id text primary key,
    run_id text not null,
    status text not null check (status in ('succeeded', 'failed')),
    started_at timestamptz not null,
    ended_at timestamptz not null,
    relations jsonb not null,
    code_version text not null,
    dbt_version text not null,
    variables jsonb not null,
    models text,
    read_fingerprint text,
    made_fingerprint text,
    tests jsonb
);

create index if not exists model_runs_run on doubleread.model_runs (run_id);

comment on table doubleread.model_runs is
'Each run of dbt that a build started: Dagster''s run, the code, the variables, and the tables and views that it made, by their OIDs, which tell whether one was made again since. Of a run that ended well also the set of models, fingerprints of what it read and of what it made, and what became of its tests. One row per run of dbt.';
