{{ config(severity='warn') }}

-- Ids that a person takes for the same. They count as one reader, or as several where reader_id_normalisation is exact:
-- correct them at the source.
with spellings as (

    select distinct "{{ var('reader_column') }}" as spelling
    from {{ source('annotations', 'mmgscans_mmgscanannotation') }}

)

select
    {{ careful_id('spelling') }} as reader_id,
    jsonb_agg(spelling::text order by spelling::text collate "C") as spellings
from spellings
where {{ careful_id('spelling') }} is not null
group by {{ careful_id('spelling') }}
having count(*) > 1
