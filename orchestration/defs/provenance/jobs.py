"""``doubleread why`` and ``why-not`` as jobs of the page: the question is the config, the answer is metadata.

The answer is shown twice: with the run, and as an observation of the asset that it is about, so that who looks at a
label's folder finds what was asked of its pictures.
"""

from collections.abc import Callable, Iterator

import dagster as dg
from pydantic import Field

from orchestration.defs.label_folders.assets import label_folders
from orchestration.defs.marts.assets import FINDINGS
from orchestration.defs.resources import AnnotationDatabaseResource
from orchestration.errors import DoublereadError
from orchestration.training_set.provenance.answers import Answer
from orchestration.training_set.provenance.asking import AmbiguousError, NoAnswerError
from orchestration.training_set.provenance.explaining import why, why_not
from orchestration.training_set.provenance.telling import markdown, told


class Question(dg.Config):
    """What is asked."""

    question: str = Field(
        description="A path such as has_malign_mass/123.png or images/123.png, a SHA-256 or its first 8 digits or "
        "more, or the id of a finding, scan or study."
    )


class StudyQuestion(dg.Config):
    """What is asked about a study."""

    study: str = Field(description="The id of a study.")
    label: str | None = Field(default=None, description="One label; all of them unless given.")


@dg.op(out=dg.Out(dg.Nothing), description="Where a picture comes from.")
def ask_why(context: dg.OpExecutionContext, config: Question, annotation_database: AnnotationDatabaseResource) -> None:
    """Answer where a picture, an image or a finding comes from, or what there is of a scan or study."""
    settings = annotation_database.settings
    _answer(context, lambda: why(annotation_database.open(), settings, config.question), in_full=True)


@dg.op(out=dg.Out(dg.Nothing), description="Why a study's labels are no findings, or are.")
def ask_why_not(
    context: dg.OpExecutionContext, config: StudyQuestion, annotation_database: AnnotationDatabaseResource
) -> None:
    """Answer why labels of a study were rejected, or were not, and why pictures are missing."""
    settings = annotation_database.settings
    _answer(context, lambda: why_not(annotation_database.open(), settings, config.study, config.label), in_full=False)


@dg.job(
    name="why",
    config={"ops": {"ask_why": {"config": {"question": "has_malign_mass/SCAN.png"}}}},
    description="Where a picture comes from: readings, rows, rule, image, drawing, runs, code. The launchpad takes the "
    "question; the answer is the metadata of the run's output, and an observation of the asset.",
)
def why_job() -> None:
    """Ask one question."""
    ask_why()


@dg.job(
    name="why_not",
    config={"ops": {"ask_why_not": {"config": {"study": "STUDY"}}}},
    description="Why labels of a study were rejected, or were not, and why pictures are missing. The launchpad takes "
    "the study; the answer is the metadata of the run's output, and an observation of the asset.",
)
def why_not_job() -> None:
    """Ask about one study."""
    ask_why_not()


def _answer(context: dg.OpExecutionContext, ask: Callable[[], Answer], *, in_full: bool) -> None:
    """Show an answer with the run and with the asset; a question without an answer fails the run, which says why."""
    try:
        answer = ask()
    except (NoAnswerError, DoublereadError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    except AmbiguousError as error:
        records = [dg.TableRecord({"question": question, "what": what}) for question, what in error.candidates]
        metadata = {"candidates": dg.MetadataValue.table(records)}
        raise dg.Failure(str(error), metadata=metadata, allow_retries=False) from None
    shown: dict[str, dg.MetadataValue] = {
        "question": dg.MetadataValue.text(answer.question),
        "answer": dg.MetadataValue.md(markdown(told(answer, in_full=in_full))),
        "as JSON": dg.MetadataValue.json(answer.model_dump(mode="json")),
    }
    shown |= {name: dg.MetadataValue.dagster_run(run_id) for name, run_id in _runs(answer)}
    labels = {decision.label for decision in answer.decisions}
    if len(labels) == 1:
        asset_key, partition = label_folders.key, labels.pop()
    else:
        asset_key, partition = FINDINGS, None
    context.log_event(dg.AssetObservation(asset_key, partition=partition, metadata=shown))
    context.add_output_metadata(shown)


def _runs(answer: Answer) -> Iterator[tuple[str, str]]:
    """The runs of Dagster's that the page has, by what they made."""
    if answer.models is not None:
        yield "run that made the marts", answer.models.run_id
    if answer.kind == "finding" and answer.findings and answer.findings[0].picture.run_id:
        yield "run that drew the picture", answer.findings[0].picture.run_id
