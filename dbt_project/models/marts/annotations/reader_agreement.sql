-- Pairs of readings of one study, counted by what the two say: few combinations, however many studies.
with answers as (

    select
        a.reader_id as reader_a,
        b.reader_id as reader_b,
        {% for label in labels() %}
            a.{{ label }} as a_{{ label }},
            b.{{ label }} as b_{{ label }},
        {% endfor %}
        count(*) as study_count
    from {{ ref('int_readings') }} as a
    inner join {{ ref('int_readings') }} as b
        on
            a.study_id = b.study_id
            and a.reader_id collate "C" < b.reader_id collate "C"
    where a.is_complete and b.is_complete
    group by
        {% for label in labels() %}
            a.{{ label }},
            b.{{ label }},
        {% endfor %}
        a.reader_id,
        b.reader_id

),

pairs as (

    {% for label in labels() %}
        select
            '{{ label }}' as label,
            reader_a,
            reader_b,
            a_{{ label }} as answer_a,
            b_{{ label }} as answer_b,
            study_count
        from answers
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

cells as (

    select
        label,
        reader_a,
        reader_b,
        sum(study_count)::float8 as study_count,
        coalesce(sum(study_count) filter (where answer_a = 'positive' and answer_b = 'positive'), 0)::float8 as yes_yes,
        coalesce(sum(study_count) filter (where answer_a = 'positive' and answer_b = 'negative'), 0)::float8 as yes_no,
        coalesce(sum(study_count) filter (where answer_a = 'negative' and answer_b = 'positive'), 0)::float8 as no_yes,
        coalesce(sum(study_count) filter (where answer_a = 'negative' and answer_b = 'negative'), 0)::float8 as no_no
    from pairs
    group by label, reader_a, reader_b

),

-- What two readers would agree on by chance: both say yes, or both say no, each as often as it does.
chances as (

    select
        *,
        yes_yes + yes_no + no_yes + no_no as n,
        ((yes_yes + yes_no) * (yes_yes + no_yes) + (no_yes + no_no) * (yes_no + no_no))
        / nullif((yes_yes + yes_no + no_yes + no_no) ^ 2, 0) as expected
    from cells

)

select
    label,
    reader_a,
    reader_b,
    study_count::integer as study_count,
    yes_yes::integer as both_positive_count,
    yes_no::integer as only_a_positive_count,
    no_yes::integer as only_b_positive_count,
    no_no::integer as both_negative_count,
    (study_count - n)::integer as inconsistent_count,
    (yes_yes + no_no) / nullif(n, 0) as observed_agreement,
    ((yes_yes + no_no) / nullif(n, 0) - expected) / nullif(1 - expected, 0) as cohens_kappa,
    2 * yes_yes / nullif(2 * yes_yes + yes_no + no_yes, 0) as positive_agreement,
    2 * no_no / nullif(2 * no_no + yes_no + no_yes, 0) as negative_agreement
from chances
