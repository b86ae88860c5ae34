{#- Runs before a command that makes or tests models; a command that only reads the project changes no database. -#}
{% macro create_functions() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        -- Two runs at once would both replace the functions, and PostgreSQL lets only one.
        select pg_advisory_xact_lock(hashtext('staging functions'));
        create schema if not exists staging;
        {{ json_list_function() }}
        {{ careful_id_functions() }}
    {%- endif -%}
{%- endmacro %}
