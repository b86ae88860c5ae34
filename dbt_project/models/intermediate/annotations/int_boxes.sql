with annotations as (

    select
        annotation_id,
        scan_id,
        reader_id,
        boxes,
        array_remove(array[
            {% for label in labels() %}
                case when {{ label }} then '{{ label }}' end{{ ',' if not loop.last }}
            {% endfor %}
        ], null) as true_labels
    from {{ ref('int_box_lists') }}

),

-- One row per element of a list, and one without an element where there is no list to read. A mark becomes four
-- numbers or none; no image is larger than 2^31 - 1 pixels on a side (PNG, third edition, 11.2.1 IHDR).
elements as (

    select
        annotations.annotation_id,
        annotations.scan_id,
        annotations.reader_id,
        annotations.true_labels,
        items.element,
        mark.x,
        mark.y,
        mark.width,
        mark.height
    from annotations
    left join lateral jsonb_array_elements(annotations.boxes) as items (element) on true
    left join lateral jsonb_to_record(
        case
            when
                items.element @@ 'strict
                    $.mark.x.abs() <= 2147483647 && $.mark.y.abs() <= 2147483647
                    && $.mark.width.abs() <= 2147483647 && $.mark.height.abs() <= 2147483647'
                then items.element -> 'mark'
        end
    ) as mark (x numeric, y numeric, width numeric, height numeric) on true
    where items.element is not null or annotations.boxes is null

)

select
    annotation_id,
    scan_id,
    reader_id,
    case when cardinality(true_labels) = 1 then true_labels[1] end as only_label,
    element ->> 'comment' as comment,
    trim_scale(x) as x,
    trim_scale(y) as y,
    trim_scale(width) as width,
    trim_scale(height) as height,
    case
        when x is not null then null
        when element is null then 'not_a_list'
        when jsonb_typeof(element) <> 'object' then 'not_an_object'
        when coalesce(jsonb_typeof(element -> 'mark'), 'none') <> 'object' then 'no_mark'
        when
            coalesce(jsonb_typeof(element -> 'mark' -> 'x'), 'none') <> 'number'
            or coalesce(jsonb_typeof(element -> 'mark' -> 'y'), 'none') <> 'number'
            or coalesce(jsonb_typeof(element -> 'mark' -> 'width'), 'none') <> 'number'
            or coalesce(jsonb_typeof(element -> 'mark' -> 'height'), 'none') <> 'number'
            then 'not_a_number'
        else 'out_of_range'
    end as defect
from elements
