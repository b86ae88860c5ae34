{#-
How the history of a raw table is kept: a row of the table is known by the hash of all that is kept of it, `row_hash`. A
row whose hash the table no longer holds ends, a hash that the history does not hold begins. So a row without an id and
two rows of one id end no run (the tests of the sources name them), and json, which cannot be compared, is compared as
text.

A change is dated by the transaction that sees it, and after every change that is known already, even where the clock
was set back: a moment that was given to a version never sees another change.
-#}
{% macro snapshot_content_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
    {%- set moments = ['now()'] -%}
    {%- for name in ['scan_history', 'annotation_history'] -%}
        {%- set history = adapter.get_relation(database=this.database, schema=this.schema, identifier=name) -%}
        {%- if history -%}
            {%- do moments.append(
                "(select greatest(max(valid_from), max(valid_to)) + interval '1 microsecond' from " ~ history ~ ")"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set moment = 'greatest(' ~ moments | join(', ') ~ ')' -%}
    {{ return({
        'unique_key': 'row_hash',
        'updated_at': moment,
        'row_changed': 'false',
        'scd_id': "md5(row_hash || ' ' || " ~ moment ~ ')',
        'hard_deletes': 'invalidate',
        'invalidate_hard_deletes': true,
    }) }}
{%- endmacro %}

{#- The hash of some columns. A time counts as seconds, since its text depends on the session. -#}
{% macro row_hash(columns) -%}
    md5(row(
        {%- for column in columns -%}
            {{ 'extract(epoch from created_at)' if column == 'created_at' else column }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )::text)::uuid
{%- endmacro %}

{#-
In the place of dbt's own, which joins the whole rows three times. Here the hashes are compared once, and only rows that
differ are read again.
-#}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    with found as not materialized (

        {{ source_sql }}

    ),

    differing as materialized (

        select
            found.id as found_id,
            found.row_hash as found_hash,
            known.row_version as ended
        from (select coalesce(id, '') as id, row_hash from found) as found
        full join (select row_hash, row_version from {{ target_relation }} where valid_to is null) as known
            on found.row_hash = known.row_hash
        where found.row_hash is null or known.row_hash is null

    ),

    candidates as materialized (

        select * from found
        where coalesce(id, '') in (select found_id from differing)

    ),

    moments as materialized (

        select {{ strategy.updated_at }} as moment
        where exists (select from differing)

    ),

    begun as (

        select candidates.*
        from candidates
        where row_hash in (select found_hash from differing)

    )

    select
        'insert' as dbt_change_type,
        begun.*,
        moments.moment as seen_at,
        moments.moment as valid_from,
        null::timestamptz as valid_to,
        md5(begun.row_hash || ' ' || moments.moment) as row_version
    from begun
    cross join moments
    union all
    select
        'delete' as dbt_change_type,
        begun.*,
        moments.moment as seen_at,
        moments.moment as valid_from,
        moments.moment as valid_to,
        differing.ended as row_version
    from differing
    cross join moments
    left join begun on false
    where differing.ended is not null
{%- endmacro %}
