"""What the three pages say in the same words."""

from orchestration.training_set.export.card.facts import Facts
from orchestration.training_set.export.card.flow import (
    DOUBLE_MATCHED,
    NEGATIVE,
    NOT_CALLED,
    NOT_READ,
    TOO_FEW_READERS,
)
from orchestration.transformations import seed_descriptions

NO_LICENCE = "No licence is stated: ask whoever gave you this copy before you use it or pass it on."
INTENDED_USE = (
    "Training and checking networks that find or classify findings in mammograms; research on how far readers agree."
)
OUT_OF_SCOPE = (
    "Diagnosis. Nothing here says what biopsies showed or how patients fared: a label is what readers said, "
    "not what was there."
)
LIMITS = (
    "A label is an agreement of readers and no pathology.",
    "A label is said of a study as a whole: a scan without a box may show nothing of the finding.",
    "Several readers mark one lesion with one box each, so that boxes do not count lesions.",
    "Labels that were rejected beside an accepted one are disputed, not absent; they are listed with each scan.",
    "Studies on which readers agree are easier than others: figures measured here are likely to be better than in use.",
    "Text that is burned into a scan is in its image.",
)
CAPTIONS = {
    NOT_READ: "Nobody read it",
    NOT_CALLED: "Nobody calls it true",
    NEGATIVE: "Nothing found",
    TOO_FEW_READERS: "Nothing found, too few readers",
    DOUBLE_MATCHED: "Double-matched",
}
VIEWS = {"l_cc": "Left CC", "l_mlo": "Left MLO", "r_cc": "Right CC", "r_mlo": "Right MLO", "unknown": "View unknown"}


def outcome_caption(outcome: str) -> str:
    """What became of studies, in few words."""
    return CAPTIONS.get(outcome, outcome.replace("_", " ").capitalize())


def outcome_text(outcome: str, facts: Facts) -> str:
    """What became of studies, as a sentence."""
    readers = facts.min_matching_readers
    texts = {
        NOT_READ: "No annotation of any of its scans",
        NOT_CALLED: "It was read, and no reader calls the label true on any scan",
        NEGATIVE: f"At least {readers} readers read it whole, and nobody calls any label true",
        TOO_FEW_READERS: f"Nobody calls any label true, and fewer than {readers} readers read it whole",
        DOUBLE_MATCHED: f"At least {readers} readers with a complete reading call the label true on every scan",
    }
    return texts.get(outcome) or seed_descriptions("rejection_reasons")[outcome]


def summary(facts: Facts) -> str:
    """The set in one sentence."""
    return facts.said.summary or (
        f"{facts.scans:,} mammograms of {facts.studies:,} studies with {facts.findings:,} findings on which at least "
        f"{facts.min_matching_readers} readers agree, and {facts.box_count:,} boxes that they drew."
    )


def annotation_process(facts: Facts) -> str:
    """The rule."""
    return (
        f"Readers annotate the scans of a study, which has {facts.scans_per_study}. A reading is complete where a "
        "reader annotated all of them; it is positive for a label that is true on each. A study and a label are "
        f"double-matched where at least {facts.min_matching_readers} readers have a complete reading positive for the "
        "label; a further reader's no does not undo it. Of several annotations by one reader on one scan the latest "
        "counts. Boxes are those of the matching readers, for this label."
    )


def collected(facts: Facts) -> str:
    """Where the images come from, as far as the program knows."""
    bits = " and ".join(facts.images.bits)
    how = "the documented 8-bit rendering" if facts.images.bits.keys() <= {"8"} else "stored values where there are any"
    return (
        f"Mammograms of a clinical archive, each once, of {bits or 'no'} bits: {how}, without drawings and without "
        "metadata. No image is flipped, cropped or scaled."
    )


def sides_text(facts: Facts) -> str:
    """How train, validation and test are told apart."""
    shares = [f"{100 * share:.0f} %" for share in facts.splits]
    return (
        f"Sides follow from a hash of the patient ({', '.join(shares)} of train, validation and test were asked for), "
        "so that no patient is on two and none moves when studies are added. The patient of "
        f"{facts.patient_known:,} of {facts.studies:,} studies is known; each other study is taken for another patient."
    )
