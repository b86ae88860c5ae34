-- Which of the other scripts were run, so that whoever finds the tables there asks for no lock on them.

create schema if not exists doubleread;

create table if not exists doubleread.made_tables (
    tables text primary key,
    script_sha256 text not null,
    made_at timestamptz not null default now()
);

comment on table doubleread.made_tables is
'The tables that were made, by the script that did. One row per capability.';
