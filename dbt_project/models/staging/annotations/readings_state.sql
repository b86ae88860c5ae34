{{ config(materialized='table') }}

-- depends_on: {{ ref('scan_history') }}, {{ ref('annotation_history') }}
{% set counted = {'raw_types': raw_types()} %}
{% for name in ['labels', 'scans_per_study', 'min_matching_readers', 'reader_id_normalisation'] %}
    {% do counted.update({name: var(name)}) %}
{% endfor %}

select
    {% if not var('as_of') %}
        null::timestamptz as as_of,
    {% elif var('as_of') == 'latest' %}
        coalesce(({{ latest_change() }}), now()) as as_of,
    {% else %}
        '{{ var('as_of') }}'::timestamptz as as_of,
    {% endif %}
    '{{ tojson(counted) | replace("'", "''") }}'::jsonb as project_variables
