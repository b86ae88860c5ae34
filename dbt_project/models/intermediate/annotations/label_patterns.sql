{{ config(schema='seeds') }}

{% for item in var('labels') %}
    select
        {{ loop.index }} as place,
        '{{ item.label | replace("'", "''") }}'::text as label,
        '{{ item.pattern | replace("'", "''") }}'::text as pattern,
        '{{ item.caption | replace("'", "''") }}'::text as caption
    {{ 'union all' if not loop.last }}
{% endfor %}
