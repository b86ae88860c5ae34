{#- The four labels, spelt as in the source (the first is misspelt there). -#}
{% macro labels() -%}
    {{ return([
        'has_benign_microcalsifications',
        'has_malign_microcalcifications',
        'has_benign_mass',
        'has_malign_mass',
    ]) }}
{%- endmacro %}
