{#- Statistics of the table that was just made; a view has none. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') != 'view' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
