with pairs as (

    select
        a.reader_id as reader_a,
        b.reader_id as reader_b,
        {% for label in labels() %}
            count(*) filter (where a.{{ label }} = 'positive' and b.{{ label }} = 'positive') as {{ label }}_both,
            count(*) filter (where a.{{ label }} = 'positive' and b.{{ label }} = 'negative') as {{ label }}_only_a,
            count(*) filter (where a.{{ label }} = 'negative' and b.{{ label }} = 'positive') as {{ label }}_only_b,
            count(*) filter (where a.{{ label }} = 'negative' and b.{{ label }} = 'negative') as {{ label }}_neither,
        {% endfor %}
        count(*) as study_count
    from {{ ref('int_readings') }} as a
    inner join {{ ref('int_readings') }} as b
        on
            a.study_id = b.study_id
            and a.reader_id collate "C" < b.reader_id collate "C"
    where a.is_complete and b.is_complete
    group by a.reader_id, b.reader_id

),

cells as (

    select
        cells.label,
        pairs.reader_a,
        pairs.reader_b,
        pairs.study_count,
        cells.both_positive,
        cells.only_a_positive,
        cells.only_b_positive,
        cells.both_negative,
        cells.both_positive + cells.only_a_positive + cells.only_b_positive + cells.both_negative as counted
    from pairs
    cross join lateral (
        values
        {% for label in labels() %}
            (
                '{{ label }}',
                pairs.{{ label }}_both,
                pairs.{{ label }}_only_a,
                pairs.{{ label }}_only_b,
                pairs.{{ label }}_neither
            ){{ ',' if not loop.last }}
        {% endfor %}
    ) as cells (label, both_positive, only_a_positive, only_b_positive, both_negative)

),

measures as (

    select
        *,
        (both_positive + both_negative)::double precision / nullif(counted, 0) as observed,
        (
            (both_positive + only_a_positive)::double precision * (both_positive + only_b_positive)
            + (both_negative + only_a_positive)::double precision * (both_negative + only_b_positive)
        ) / nullif(counted::double precision * counted, 0) as expected
    from cells

)

select
    label,
    reader_a,
    reader_b,
    study_count::integer as study_count,
    both_positive::integer as both_positive_count,
    only_a_positive::integer as only_a_positive_count,
    only_b_positive::integer as only_b_positive_count,
    both_negative::integer as both_negative_count,
    (study_count - counted)::integer as inconsistent_count,
    observed as observed_agreement,
    (observed - expected) / nullif(1 - expected, 0) as cohens_kappa,
    2.0::double precision * both_positive
    / nullif(2 * both_positive + only_a_positive + only_b_positive, 0) as positive_agreement,
    2.0::double precision * both_negative
    / nullif(2 * both_negative + only_a_positive + only_b_positive, 0) as negative_agreement
from measures
