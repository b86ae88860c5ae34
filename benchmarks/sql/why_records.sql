-- What a build would record of every finding's image and picture; digests are those of nothing that exists.
truncate doubleread.retrieved_scans, doubleread.pictures, doubleread.clean_images;

insert into doubleread.retrieved_scans (
    store_url, png_image, status, retryable, attempts, size_bytes, etag, last_modified, sha256, local_path,
    local_mtime_ns, seconds, run_id
)
select
    current_setting('benchmark.store'), png_image, 'retrieved', false, 1, 4000000, md5(png_image), now(),
    encode(sha256(png_image::bytea), 'hex'), '/scans/' || md5(png_image), 1, 0.1, 'a run'
from (select distinct png_image from marts.double_matched_findings) as images;

insert into doubleread.pictures (
    training_set, finding_id, label, scan_id, status, finding_hash, path, sha256, size_bytes, mtime_ns, width, height,
    boxes_drawn, boxes_clipped, boxes_skipped, source_image, source_version, source_sha256, drawing_version, drawing,
    run_id, code_version
)
select
    current_setting('benchmark.training_set'), finding_id, label, scan_id, 'drawn', finding_hash,
    label || '/' || scan_id || '.png', encode(sha256(finding_id::bytea), 'hex'), 2400000, 1, 3328, 4096, 2, 0, 0,
    png_image, md5(png_image), encode(sha256(png_image::bytea), 'hex'), 1,
    '{"line_width": 8, "font_size": 52, "colours": {"1": "#33bbff", "2": "#ee00aa"}}', 'a run', '0.1.0'
from marts.double_matched_findings;

insert into doubleread.clean_images (
    destination, store_url, png_image, bits, status, source_sha256, source_version, cleaning_version, sha256,
    size_bytes, object_etag, width, height, sample_bits, channels, value_offset, inverted, run_id, code_version
)
select
    current_setting('benchmark.destination'), store_url, png_image, 8, 'made', sha256, etag, 1,
    encode(sha256(sha256::bytea), 'hex'), 3000000, 'an etag', 3328, 4096, 8, 1, 0, false, run_id, '0.1.0'
from doubleread.retrieved_scans;

analyze;
