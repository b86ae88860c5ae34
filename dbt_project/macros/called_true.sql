{#-
What counted annotations call true, one row per scan, reader and label, straight from the raw tables: what singular
tests compare the marts with. It shares nothing with the models but who a reader is, so that no mistake of theirs hides
here.
-#}
{% macro called_true() -%}
    select
        scans.mmg_study_id::text as study_id,
        latest.reader_id,
        answers.label
    from (
        select distinct on (annotations.mmg_scan_id, {{ reader_id() }})
            annotations.mmg_scan_id,
            {% for label in labels() %}
                annotations.{{ label }},
            {% endfor %}
            {{ reader_id() }} as reader_id
        from ({{ raw_annotations() }}) as annotations
        where {{ reader_id() }} is not null
        order by
            annotations.mmg_scan_id,
            {{ reader_id() }},
            annotations."{{ var('created_at_column') }}" desc nulls last,
            annotations.id desc
    ) as latest
    inner join ({{ raw_scans() }}) as scans on latest.mmg_scan_id::text = scans.id::text
    cross join lateral (
        values
        {% for label in labels() %}
            ('{{ label }}', latest.{{ label }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as answers (label, is_true)
    where answers.is_true and scans.mmg_study_id is not null
{%- endmacro %}
