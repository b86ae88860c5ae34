{#- PostgreSQL keeps at most 2,704 bytes of a row in a B-tree, and the marts' primary keys hold up to two such ids. -#}
{% test fits_in_an_index(model, column_name) %}
select {{ column_name }}
from {{ model }}
where octet_length({{ column_name }}) > 1000
{% endtest %}
