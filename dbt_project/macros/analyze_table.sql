{#- Statistics of the table that was just made; a view has none. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') != 'view' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}

{#- Statistics of a snapshot's table, where the snapshot that just ended added rows. -#}
{% macro analyze_history() -%}
    {%- set ended = load_result('main') -%}
    {%- if ended and ended['response'].rows_affected -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
