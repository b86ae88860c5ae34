{#-
A seed's primary key, which foreign keys of the marts refer to. dbt empties a seed with `truncate`, which PostgreSQL
refuses while a foreign key refers to the table: the key goes first, and takes those along. Each comes back when its
mart is built again, later in the same build.
-#}
{% macro drop_seed_key() -%}
    alter table if exists {{ this }} drop constraint if exists {{ this.identifier }}_key cascade
{%- endmacro %}

{% macro add_seed_key(column) -%}
    alter table {{ this }} add constraint {{ this.identifier }}_key primary key ({{ column }})
{%- endmacro %}
