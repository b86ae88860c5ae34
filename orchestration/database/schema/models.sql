-- The runs of dbt that builds start: which run made a table of the models, with which code and variables. A record is
-- never needed to build; losing it costs the answer to a question.

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
    variables jsonb not null
);

create index if not exists model_runs_run on doubleread.model_runs (run_id);

comment on table doubleread.model_runs is
'Each run of dbt that a build started: Dagster''s run, the code, the variables, and the tables and views that it made, by their OIDs, which tell whether one was made again since. One row per run of dbt.';
