{#- The labels, in the order of the variable that lists them. -#}
{% macro labels() -%}
    {{ return(var('labels') | map(attribute='label') | list) }}
{%- endmacro %}
