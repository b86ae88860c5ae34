"""What AWS charges and allows, region us-east-1, in US dollars: the one table of prices and limits.

The price pages fill in their figures by script and could not be read as text. Each price stands there; where it was
read instead is in its note. Compare the table with the pages before money is spent. Limits and hours are from the user
guides, whose text was read. ``SPOT`` moves from day to day: look at the account's own price history.
"""

from typing import Final

from orchestration.archives.planning.figure import Figure

S3 = "https://aws.amazon.com/s3/pricing/"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
RETRIEVAL_OPTIONS = GUIDE + "restoring-objects-retrieval-options.html"

# Amazon S3 bills a GB of 2^30 bytes: its FAQ (aws.amazon.com/s3/faqs) counts 10 TB as 10,995,116,277,760 bytes.
GB: Final = 2**30
# A GB-month is a GB for all hours of a month; 730 is the mean month, which AWS's calculator takes.
HOURS_A_MONTH: Final = 730.0

# --- Storage ----------------------------------------------------------------------------------------------------------
STORAGE = Figure(
    "S3 Standard, first 50 TB",
    0.023,
    "dollars",
    "GB-month",
    S3,
    note="cloudburn.io/blog/amazon-s3-pricing of 2026-03-13",
)
STORAGE_NEXT = Figure(
    "S3 Standard, next 450 TB", 0.022, "dollars", "GB-month", S3, note="AWS price list, quoted in public code"
)
STORAGE_REST = Figure(
    "S3 Standard, above 500 TB", 0.021, "dollars", "GB-month", S3, note="AWS price list, quoted in public code"
)
# How many GB of a month's mean each price is for: the price list's ranges begin at 0, 51,200 and 512,000 GB. The
# temporary copy of an object is billed at these prices, beside the archived object (GUIDE + "archived-objects.html").
STANDARD_TIERS: Final = ((51_200.0, STORAGE), (460_800.0, STORAGE_NEXT), (float("inf"), STORAGE_REST))

# --- Requests on S3 Standard, temporary copies included; a ranged GET is one request whatever its length --------------
PUT = Figure(
    "PUT, COPY, POST, LIST", 0.005, "dollars", "requests", S3, per=1000, note="each part of a multipart upload is one"
)
GET = Figure("GET, HEAD", 0.0004, "dollars", "requests", S3, per=1000, note="quoted in public code")

# --- Asking for archives, and being told that they are there ----------------------------------------------------------
BATCH_JOB = Figure("S3 Batch Operations", 0.25, "dollars", "job", S3, note="copy of the page in public code")
BATCH_OBJECT = Figure("S3 Batch Operations", 1.0, "dollars", "objects", S3, per=1e6, note="copy of the page")
INVENTORY = Figure("S3 Inventory", 0.0025, "dollars", "objects listed", S3, per=1e6, note="quoted in public code")
SQS = Figure(
    "SQS, a message for each restored object", 0.4, "dollars", "requests", "https://aws.amazon.com/sqs/pricing/",
    per=1e6, note="three requests a message: send, receive, delete",
)  # fmt: skip
BULK_GB = Figure(
    "Flexible Retrieval, bulk", 0.0, "dollars", "GB", S3, note="cloudcostkit.com of 2026-06-18; requests too"
)
BULK_REQUEST = Figure("Flexible Retrieval, bulk", 0.0, "dollars", "requests", S3, per=1000)
STANDARD_GB = Figure(
    "Flexible Retrieval, standard",
    0.01,
    "dollars",
    "GB",
    S3,
    note="repost.aws/knowledge-center/s3-manage-data-retrieval",
)
STANDARD_REQUEST = Figure(
    "Flexible Retrieval, standard", 0.05, "dollars", "requests", S3, per=1000, note="the same page"
)
EXPEDITED_GB = Figure("Flexible Retrieval, expedited", 0.03, "dollars", "GB", S3, note="usage.ai of 2026-06-05")
EXPEDITED_REQUEST = Figure(
    "Flexible Retrieval, expedited", 10.0, "dollars", "requests", S3, per=1000, note="re:Post; not in Batch Operations"
)

# --- Computing and the network ----------------------------------------------------------------------------------------
SPOT = Figure(
    "EC2 spot, c6i.8xlarge", 0.022, "dollars", "vCPU-hour", "https://aws.amazon.com/ec2/spot/pricing/",
    note="0.6765 an hour for 32 vCPUs in 2026-09, quoted in public code, rounded up; it moves",
)  # fmt: skip
ON_DEMAND = Figure(
    "EC2 on demand, c6i.8xlarge", 0.0425, "dollars", "vCPU-hour", "https://aws.amazon.com/ec2/pricing/on-demand/",
    note="1.36 an hour for 32 vCPUs, quoted in public code",
)  # fmt: skip
CONTROL = Figure(
    "EKS, one m6i.2xlarge on demand", 0.484, "dollars", "hour", "https://aws.amazon.com/eks/pricing/",
    note="0.10 and 0.384, quoted in public code",
)  # fmt: skip
CLOUDWATCH = Figure(
    "CloudWatch: 100 metrics, 10 alarms, 50 GB of logs", 56.0, "dollars", "month",
    "https://aws.amazon.com/cloudwatch/pricing/", note="0.30, 0.10 and 0.50 each, quoted in public code",
)  # fmt: skip
KMS = Figure(
    "KMS", 0.03, "dollars", "requests", "https://aws.amazon.com/kms/pricing/", per=10_000,
    note="factualminds.com of 2026-06-13; S3 Bucket Keys save up to 99 % of them (S3 guide, bucket-key)",
)  # fmt: skip
NAT = Figure(
    "NAT gateway", 0.045, "dollars", "GB", "https://aws.amazon.com/vpc/pricing/",
    note="cloud-horizons.com of 2026-05-08; S3's gateway endpoint costs nothing",
)  # fmt: skip
ENDPOINT = Figure(
    "Interface endpoints: 5 services in 3 zones", 0.15, "dollars", "hour", "https://aws.amazon.com/privatelink/pricing/",
    note="0.01 for each in a zone; cloud-horizons.com of 2026-05-08",
)  # fmt: skip
ZONES = Figure(
    "Between zones of a region", 0.02, "dollars", "GB", "https://aws.amazon.com/ec2/pricing/on-demand/",
    note="0.01 on each side; between scheduler and workers only, S3 costs none; no page could be read",
)  # fmt: skip
DISK = Figure(
    "EBS gp3", 0.08, "dollars", "GB-month", "https://aws.amazon.com/ebs/pricing/", note="no page could be read"
)
ROOT_DISK_GB: Final = 20
SPOOL_DISK_GB: Final = 200  # of the machine that joins: a wave's pairs take 100 bytes each
CLOUDTRAIL = Figure(
    "CloudTrail data events", 0.1, "dollars", "events", "https://aws.amazon.com/cloudtrail/pricing/", per=100_000,
    note="writes alone: PUT and RestoreObject; the price from an older copy of the page",
)  # fmt: skip
SAME_REGION = Figure("Between S3 and EC2 in one region", 0.0, "dollars", "GB", S3)

# --- What was rejected ------------------------------------------------------------------------------------------------
STEP_FUNCTIONS = Figure(
    "Step Functions, standard", 0.025, "dollars", "transitions", "https://aws.amazon.com/step-functions/pricing/",
    per=1000, note="quoted in public code",
)  # fmt: skip
LAMBDA = Figure(
    "Lambda", 0.0000166667, "dollars", "GB-second", "https://aws.amazon.com/lambda/pricing/",
    note="quoted in public code; 1,769 MB come with one vCPU (Lambda guide)",
)  # fmt: skip
LAMBDA_GB_A_VCPU: Final = 1769 / 1024
GLUE = Figure(
    "Glue (Spark)", 0.44, "dollars", "DPU-hour", "https://aws.amazon.com/glue/pricing/",
    note="quoted in public code; a DPU has 4 vCPUs",
)  # fmt: skip
DYNAMODB = Figure(
    "DynamoDB on demand", 0.625, "dollars", "writes of up to 1 kB", "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    per=1e6, note="quoted in public code, 2026-08-12",
)  # fmt: skip

PRICES: Final = (
    STORAGE, STORAGE_NEXT, STORAGE_REST, PUT, GET, BATCH_JOB, BATCH_OBJECT, INVENTORY, SQS, BULK_GB, BULK_REQUEST,
    STANDARD_GB, STANDARD_REQUEST, EXPEDITED_GB, EXPEDITED_REQUEST, SPOT, ON_DEMAND, CONTROL, CLOUDWATCH, KMS, NAT,
    ENDPOINT, ZONES, DISK, CLOUDTRAIL, SAME_REGION, STEP_FUNCTIONS, LAMBDA, GLUE, DYNAMODB,
)  # fmt: skip

# --- Limits -----------------------------------------------------------------------------------------------------------
RESTORE_LIMIT = Figure(
    "Restore requests", 1000, "requests", "second, account and region", GUIDE + "archival-storage.html"
)
PUT_LIMIT = Figure(
    "PUT", 3500, "requests", "second and partitioned prefix", GUIDE + "optimizing-performance.html",
    note="at least; S3 partitions by itself in 30 to 60 minutes of load and answers 503 until then",
)  # fmt: skip
GET_LIMIT = Figure("GET", 5500, "requests", "second and partitioned prefix", GUIDE + "optimizing-performance.html")
BULK_FIRST = Figure("Bulk restore, earliest", 5, "hours", "object", RETRIEVAL_OPTIONS, note="typical")
BULK_LAST = Figure(
    "Bulk restore, latest", 12, "hours", "object", RETRIEVAL_OPTIONS,
    note="typical; 'hundreds of terabytes could take longer', so the plan has slow waves",
)  # fmt: skip
STANDARD_FIRST = Figure("Standard restore, earliest", 3, "hours", "object", RETRIEVAL_OPTIONS, note="typical")
STANDARD_LAST = Figure("Standard restore, latest", 5, "hours", "object", RETRIEVAL_OPTIONS, note="typical")
# Expiry is the time of restoring plus the days asked for, rounded up to the next midnight UTC
# (restoring-objects.html: 10:30 on the 15th and 3 days end at 00:00 on the 19th). Half a day more on average.
EXPIRY_ROUNDING_HOURS: Final = 24.0
NETWORK = Figure(
    "Network of a c6i.8xlarge: 12.5 Gb/s, 32 vCPUs", 48.8, "MB/s", "vCPU, in and out at once",
    "https://aws.amazon.com/ec2/instance-types/c6i/", note="both at once: EC2 guide, instance-network-bandwidth",
)  # fmt: skip
INSTANCE_VCPUS: Final = 32

INVENTORY_FIRST = Figure(
    "First S3 Inventory report, latest", 48, "hours", "inventory", GUIDE + "configure-inventory.html",
    note="before the first wave; costs no copies",
)  # fmt: skip

LIMITS: Final = (
    INVENTORY_FIRST, RESTORE_LIMIT, PUT_LIMIT, GET_LIMIT, BULK_FIRST, BULK_LAST, STANDARD_FIRST, STANDARD_LAST, NETWORK,
)  # fmt: skip


def gb_months(amount: float, hours: float) -> float:
    """GB-months that ``amount`` bytes are billed for when they are kept for ``hours``."""
    return amount / GB * hours / HOURS_A_MONTH


def storage_dollars(months: float) -> float:
    """Dollars for ``months`` GB-months of S3 Standard in one month, as if nothing else lay in the account."""
    dollars = 0.0
    for size, price in STANDARD_TIERS:
        dollars += min(months, size) * price.each
        months -= min(months, size)
    return dollars
