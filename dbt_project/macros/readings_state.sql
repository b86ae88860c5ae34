{#- The latest change that the history holds of either raw table; null where it holds nothing. -#}
{% macro latest_change() -%}
    select greatest(max(valid_from), max(valid_to))
    from (
        select max(valid_from) as valid_from, max(valid_to) as valid_to from {{ ref('scan_history') }}
        union all
        select max(valid_from) as valid_from, max(valid_to) as valid_to from {{ ref('annotation_history') }}
    ) as histories
{%- endmacro %}

{#-
The types of those columns of the raw tables whose order or spelling counts, for each table by what the history calls the
column: it keeps texts, in which 10 comes before 9. A state of earlier takes the types of then, from the variable
`raw_types`.
-#}
{% macro raw_types() -%}
    {%- if var('raw_types') or not execute -%}
        {{ return(var('raw_types')) }}
    {%- endif -%}
    {%- set types = {} -%}
    {%- for table, columns, counting in [
        ('mmgscans_mmgscan', scan_columns(), ['patient_id', 'image_rows', 'image_columns']),
        ('mmgscans_mmgscanannotation', annotation_columns(), ['id', 'reader_id', 'created_at']),
    ] -%}
        {%- set found = {} -%}
        {%- for column in adapter.get_columns_in_relation(source('annotations', table)) -%}
            {%- if columns.get(column.name) in counting -%}
                {%- do found.update({columns[column.name]: column.data_type}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do types.update({table: found}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{#- What the model `readings_state` holds, as `{as_of, types}`; a state of nothing before the model is made. -#}
{% macro load_readings_state(relation) -%}
    {%- if execute and load_relation(relation) -%}
        {#- As one text of JSON: dbt would make a time of a text that looks like one. -#}
        {%- set found = run_query(
            "select jsonb_build_object('as_of', to_char(as_of at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00'), "
            ~ "'types', project_variables -> 'raw_types')::text from " ~ relation ~ " where as_of is not null"
        ) -%}
        {%- if found.rows -%}
            {{ return(fromjson(found.rows[0][0])) }}
        {%- endif -%}
    {%- endif -%}
    {{ return({'as_of': '-infinity', 'types': {}}) }}
{%- endmacro %}
