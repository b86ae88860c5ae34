{#-
Who annotated: the one place that says which readers of the raw table are one person. Spellings that a person takes for
the same, such as `Jane@x.org` and `jane@x.org `, are one reader, since two of them would make a double match of one
person's readings. `reader_id_normalisation: exact` compares ids as they are.
-#}
{% macro reader_id() -%}
    {%- set column = '"' ~ var('reader_column') ~ '"' -%}
    {%- set normalisation = var('reader_id_normalisation') -%}
    {%- if normalisation == 'careful' -%}
        {{ careful_id(column) }}
    {%- elif normalisation == 'exact' -%}
        nullif({{ column }}::text, '')
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "the variable reader_id_normalisation is '" ~ normalisation ~ "'; it can be 'careful' or 'exact'"
        ) }}
    {%- endif -%}
{%- endmacro %}
