{#-
Schemas are named as the contract names them (marts, staging, ...), without the target's prefix. The variable
`schema_prefix` makes others beside them, for models of an earlier state; the history is in one place.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = target.schema if custom_schema_name is none else custom_schema_name | trim -%}
    {{ name if node.resource_type == 'snapshot' else var('schema_prefix') ~ name }}
{%- endmacro %}
