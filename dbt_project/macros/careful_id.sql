{#- An id of any type as the text that all its spellings share; null for one that holds nothing visible. -#}
{% macro careful_id(id) -%}
    staging.careful_id({{ id }})
{%- endmacro %}

{#-
PostgreSQL chooses among functions of one name by the type of the argument and puts their SQL in the place of the call,
so that integers and UUIDs cost no more than a cast. Text in ASCII takes 1 µs, other text 6 µs.

The rest is Unicode's NFKC_Casefold, as far as PostgreSQL 13 can do it: what shows nothing is removed (controls and
Default_Ignorable_Code_Point), NFKC takes equal forms together, case is folded, blanks at the ends are removed and
others count as one space. The dotted and dotless i of Turkish are one letter, since their capitals depend on the
language. `lower()` knows the case of ASCII only where the database's locale is C, so another is named where the server
has one. A database in another encoding than UTF8 has no `normalize()`: there only ASCII's blanks are removed, and the
database's locale says what is lower case.
-#}
{% macro careful_id_functions() -%}
    create or replace function staging.careful_id(id anynonarray) returns text
    language sql immutable parallel safe as 'select id::text';
    comment on function staging.careful_id(anynonarray) is 'An id that has one spelling only, such as a number.';
    do $create$
    declare
        invisible text := '[\u0001-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4'
            '\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB'
            '\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]';
        blanks text := '[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u2800\u3000]+';
        letters text := coalesce(
            (
                select collations.oid::regcollation::text
                from unnest(array['und-x-icu', 'pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8'])
                    with ordinality as known (name, place)
                inner join pg_collation as collations on collations.collname = known.name
                where
                    collations.collnamespace = 'pg_catalog'::regnamespace
                    and collations.collencoding in (-1, pg_char_to_encoding('UTF8'))
                order by known.place
                limit 1
            ),
            '"default"'
        );
        folded text := 'lower(id)';
    begin
        if getdatabaseencoding() = 'UTF8' then
            folded := format(
                'lower(normalize(regexp_replace(id collate "C", %L, '''', ''g''), nfkc) collate %s)', invisible, letters
            );
            folded := format('translate(%s, U&''\0131\03C2'', U&''i\03C3'')', folded);  -- dotless i, final sigma
            folded := format('replace(%s, U&''i\0307'', ''i'')', folded);  -- i with the dot of its capital
            folded := format('normalize(replace(%s, U&''\00DF'', ''ss''), nfkc)', folded);  -- sharp s
        else
            blanks := '\s+';
        end if;
        execute format(
            'create or replace function staging.careful_id(id text) returns text '
            'language sql immutable parallel safe as %L',
            format(
                'select case '
                'when id collate "C" ~ ''^[!-~]+( [!-~]+)*$'' then lower(id collate "C") collate "default" '
                'else nullif(btrim(regexp_replace((%s) collate "C", %L, '' '', ''g'')), '''') collate "default" end',
                folded, blanks
            )
        );
    end
    $create$;
    comment on function staging.careful_id(text) is
    'The one spelling that stands for all those of an id that differ in case, blanks, invisible characters or form.';
{%- endmacro %}
