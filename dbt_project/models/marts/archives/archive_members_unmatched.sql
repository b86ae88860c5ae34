with members as (

    select * from {{ ref('int_archive_members') }}

),

uids as (

    select * from {{ ref('int_archive_uids') }}

),

problems as (

    select * from {{ ref('int_archive_problems') }}

),

unmatched as (

    select * from {{ ref('stg_archives__unmatched') }}

),

without_partner as (

    select
        members.uid,
        null::text as member,
        members.kind,
        members.store_url,
        members.archive,
        members.byte_offset,
        case when uids.header_count = 0 then 'missing_header' else 'missing_pixels' end as reason,
        case
            when uids.header_count = 0 then 'no text archive has a member of this UID'
            else 'no image archive has a member of this UID'
        end as detail
    from members
    inner join uids on members.uid = uids.uid
    where uids.header_count = 0 or uids.pixels_count = 0

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

-- What reassembly said of a UID that has lost its partner since, or moved to another partition, no longer counts.
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
    inner join uids on unmatched.uid = uids.uid and unmatched.partition_key = uids.partition_key
    where uids.header_count > 0 and uids.pixels_count > 0

),

-- Two equal complaints about one place say no more than one.
unioned as (

    select * from without_partner
    union
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
