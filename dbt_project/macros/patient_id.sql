{#- Whose scan it is, as all spellings of the id share it; null for nobody, and where no column says. -#}
{% macro patient_id() -%}
    {%- if var('patient_column') -%}
        {{ careful_id('"' ~ var('patient_column') ~ '"') }}
    {%- else -%}
        null::text
    {%- endif -%}
{%- endmacro %}
