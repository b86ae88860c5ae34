{#- Schemas are named as the contract names them (marts, staging, ...), without the target's prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
