{#-
A list of JSON read from text that may hold anything. PostgreSQL can only try the cast and catch the failure
(pg_input_is_valid() came with 16), which takes a function in PL/pgSQL: 35 % more time than the bare cast.
-#}
{% macro json_list(document) -%}
    staging.json_list({{ document }})
{%- endmacro %}

{% macro json_list_function() -%}
    create or replace function staging.json_list(document text) returns jsonb
    language plpgsql immutable strict as $$
    declare
        parsed jsonb;
    begin
        parsed := document::jsonb;
        return case jsonb_typeof(parsed) when 'array' then parsed when 'null' then '[]'::jsonb end;
    exception when others then
        return case when document ~ '^\s*$' then '[]'::jsonb end;
    end
    $$;
    comment on function staging.json_list(text) is
    'The JSON list that a text holds: empty for an empty text or a JSON null, null for anything else.';
{%- endmacro %}
