{#-
The raw rows that the models read, with the raw tables' own columns: from the tables themselves, or, where the
variable `as_of` says so, from their history, as it was at the moment of `readings_state`. What is read from the history
is one state of both tables, whatever readers do while the models are made.
-#}
{% macro raw_scans() -%}
    {{ raw_rows('mmgscans_mmgscan', 'scan_history', scan_columns()) }}
{%- endmacro %}

{% macro raw_annotations() -%}
    {{ raw_rows('mmgscans_mmgscanannotation', 'annotation_history', annotation_columns()) }}
{%- endmacro %}

{% macro raw_rows(table, history, columns) -%}
    {%- if not execute -%}
        {#- Named in any case, so that dbt makes them before the models that may read them. -#}
        {%- do [ref('readings_state'), ref(history)] -%}
    {%- endif -%}
    {%- if not var('as_of') -%}
        select * from {{ source('annotations', table) }}
    {%- else -%}
        {%- set state = load_readings_state(ref('readings_state')) -%}
        {%- set types = state.types.get(table, {}) -%}
        select
            {%- for column, kept in columns.items() %}
            {{ kept }}{% if types.get(kept, 'text') != 'text' %}::{{ types[kept] }}{% endif %} as "{{ column }}"
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ ref(history) }}
        where valid_from <= '{{ state.as_of }}' and (valid_to is null or valid_to > '{{ state.as_of }}')
    {%- endif -%}
{%- endmacro %}

{#- The columns of the raw scans that the models read, and what the history calls each. -#}
{% macro scan_columns() -%}
    {%- set columns = {'id': 'id', 'mmg_study_id': 'mmg_study_id'} -%}
    {%- if var('patient_column') -%}
        {%- do columns.update({var('patient_column'): 'patient_id'}) -%}
    {%- endif -%}
    {%- for column in ['png_image', 'file_name', 'rows', 'columns'] -%}
        {%- do columns.update({column: 'image_' ~ column if column in ['rows', 'columns'] else column}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- The columns of the raw annotations that the models read, and what the history calls each. -#}
{% macro annotation_columns() -%}
    {%- set columns = {
        'id': 'id',
        'mmg_scan_id': 'mmg_scan_id',
        var('reader_column'): 'reader_id',
        var('created_at_column'): 'created_at',
        'annotation_bboxes': 'annotation_bboxes',
    } -%}
    {%- for label in labels() -%}
        {%- do columns.update({label: label}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
