{#- Who annotated: the one place that says which readers of the raw table are one person. -#}
{% macro reader_id() -%}
    "{{ var('reader_column') }}"::text
{%- endmacro %}
