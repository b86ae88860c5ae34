with uids as (

    select * from {{ ref('int_archive_uids') }}

),

problems as (

    select * from {{ ref('int_archive_problems') }}

),

unmatched as (

    select * from {{ ref('stg_archives__unmatched') }}

),

not_indexed as (

    select
        null::text as uid,
        member,
        kind,
        store_url,
        archive,
        byte_offset,
        'not_indexed' as reason,
        detail
    from problems

),

-- What reassembly said of a UID that has lost or found its partner since no longer counts.
not_reassembled as (

    select
        unmatched.uid,
        null::text as member,
        unmatched.kind,
        unmatched.store_url,
        unmatched.archive,
        unmatched.byte_offset,
        unmatched.reason,
        unmatched.detail
    from unmatched
    inner join uids on unmatched.uid = uids.uid
    where
        (unmatched.reason = 'missing_header') = (uids.header_count = 0)
        and (unmatched.reason = 'missing_pixels') = (uids.pixels_count = 0)

),

-- Two equal complaints about one place say no more than one.
unioned as (

    select * from not_indexed
    union
    select * from not_reassembled

)

select
    md5(jsonb_build_array(store_url, archive, kind, byte_offset, uid, member, reason, detail)::text) as unmatched_id,
    uid,
    member,
    kind,
    store_url,
    archive,
    byte_offset,
    reason,
    detail
from unioned
