"""Resources: the annotation database, stores, archives, dbt. Secrets stay in the environment and out of the page."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, DbtProject
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.compat import DBT_PYTHON_VERSION

from orchestration.archives.index import ArchiveIndex, Kind
from orchestration.cases import open_container, open_report_table
from orchestration.database import Database, open_database
from orchestration.errors import SettingsError
from orchestration.settings import Settings
from orchestration.stores import Place, open_place
from orchestration.stores.azure_account import AzureAccount, azure_account
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.transformations import DBT, MANIFEST_FOLDER, PROJECT_DIR, ModelRun, in_database, target_folder

if TYPE_CHECKING:
    from dagster_azure.blob import AzureBlobStorageResource

    from orchestration.cases.report_table import ReportTable
    from orchestration.stores.azure import Container

SECRET_VARIABLE = "DOUBLEREAD_AZURE_SECRET"  # noqa: S105  the name of a variable, not a secret


DBT_PROJECT = DbtProject(PROJECT_DIR, target_path=MANIFEST_FOLDER)


class AnnotationDatabaseResource(dg.ConfigurableResource[Database]):
    """The annotation database of the settings, or the embedded one."""

    settings: dg.ResourceDependency[Settings]

    def open(self) -> Database:
        """Find or start it."""
        return open_database(self.settings)


class ImageStoreResource(dg.ConfigurableResource[Place]):
    """The image store at a URL; an Azure container is opened with dagster-azure's resource."""

    url: str
    azure: dg.ResourceDependency[Any]  # None, or an AzureBlobStorageResource
    settings: dg.ResourceDependency[Settings]

    def open(self) -> Place:
        """Open the store and check that it is there."""
        account = account_of_resource(self.azure) if self.azure is not None else None
        return open_place(self.url, self.settings, setting="DOUBLEREAD_IMAGES", account=account)


class ClinicalAccountResource(dg.ConfigurableResource[None]):
    """The container of clinical images and the table of reports, in the Azure account of the settings."""

    settings: dg.ResourceDependency[Settings]

    def container(self) -> "Container":
        """Open the container and check that it is there."""
        return open_container(self.settings)

    def table(self) -> "ReportTable":
        """Open the table and check that it is there."""
        return open_report_table(self.settings)


class ArchivesResource(dg.ConfigurableResource[None]):
    """The archives of headers and of pixels, their index, where the DICOMs go and whether they are decoded before."""

    text_url: str | None
    image_url: str | None
    index_url: str
    dicoms_url: str
    decode: bool
    settings: dg.ResourceDependency[Settings]

    def stores(self) -> dict[Kind, Place]:
        """Open both places and check that they are there.

        Raises:
            SettingsError: the settings do not name one of them.
        """
        named: list[tuple[Kind, str, str | None]] = [
            ("text", "DOUBLEREAD_TEXT_ARCHIVES", self.text_url),
            ("image", "DOUBLEREAD_IMAGE_ARCHIVES", self.image_url),
        ]
        missing = [name for _, name, url in named if not url]
        if missing:
            raise SettingsError(
                f"{' and '.join(missing)} must be set: where the archives lie, file:///folder, s3://bucket/prefix or "
                "az://container/prefix"
            )
        return {kind: open_place(url, self.settings) for kind, _, url in named if url}

    def index(self, *, create: bool = False) -> ArchiveIndex:
        """Open the index; an empty one, where there is none and it may be made."""
        opened = ArchiveIndex.create if create else ArchiveIndex.open
        return opened(self.index_url, self.settings)


class MeasurementsResource(dg.ConfigurableResource[Path]):
    """The folder that imaging devices write into."""

    folder: str | None
    log: str

    @property
    def log_path(self) -> Path:
        """The log that every thread that measures writes to."""
        return Path(self.log)

    def open(self) -> Path:
        """The folder.

        Raises:
            SettingsError: the settings name none, or one that is not there.
        """
        if self.folder is None:
            raise SettingsError("DOUBLEREAD_MEASUREMENTS must be set: the folder that imaging devices write into")
        if not Path(self.folder).is_dir():
            raise SettingsError(f"DOUBLEREAD_MEASUREMENTS: {self.folder} is not a folder")
        return Path(self.folder)


class ExportResource(dg.ConfigurableResource[None]):
    """Where exports go and what they hold."""

    url: str
    settings: dg.ResourceDependency[Settings]

    def destination(self) -> Place:
        """Open the destination and check that it is there; a folder is made."""
        return open_place(self.url, self.settings, create=True, setting="DOUBLEREAD_EXPORT")

    def options(self) -> ExportOptions:
        """What an export is to hold."""
        return ExportOptions.of(self.settings)

    def rule(self) -> Rule:
        """How train, validation and test are told apart."""
        return Rule.of(self.settings)


class FoldersResource(dg.ConfigurableResource[None]):
    """The folders on this machine."""

    scans: str
    cases: str
    training_set: str
    dbt_target: str

    @property
    def scans_path(self) -> Path:
        """Where verified copies of scans lie."""
        return Path(self.scans)

    @property
    def cases_path(self) -> Path:
        """Where folders of clinical cases lie, one below each year."""
        return Path(self.cases)

    @property
    def dbt_target_path(self) -> Path:
        """Where dbt keeps what it parsed and compiled."""
        return Path(self.dbt_target)

    @property
    def training_set_path(self) -> Path:
        """Where the label folders and the manifest lie."""
        return Path(self.training_set)


class DbtResource(DbtCliResource):
    """dagster-dbt's resource, which runs dbt in this process.

    Left to itself it starts a process for dbt, and before it one for ``dbt --version``, which asks PyPI for news: each
    imports for as long as the models of the demo take.
    """

    def run(
        self, arguments: Sequence[str], context: dg.AssetExecutionContext, database: str, target: Path
    ) -> tuple[DbtCliInvocation, ModelRun | None]:
        """Run dbt on the models that the run selects.

        Args:
            arguments: the command and its options.
            context: of the models' asset.
            database: the name of the database, which the manifest leaves open.
            target: the folder that dbt writes to.

        Returns:
            The result, which streams what became of them and fails at its end if the run did; and what is known of the
            run, None where dbt came to no result.
        """
        from orchestration.transformations.dbt_here import DbtHere  # noqa: PLC0415  loading definitions runs no dbt

        chosen = get_updated_cli_invocation_params_for_context(context, {}, DagsterDbtTranslator())
        options = self.options(target)
        if chosen.indirect_selection:
            options += ["--indirect-selection", chosen.indirect_selection]
        ended = DbtHere([*self.global_config_flags, *arguments, *options, *chosen.selection_args])
        invocation = DbtCliInvocation(
            process=ended,  # type: ignore[arg-type]
            manifest=in_database(chosen.manifest, database),
            dagster_dbt_translator=chosen.dagster_dbt_translator,
            project_dir=PROJECT_DIR,
            target_path=target,
            raise_on_error=True,
            cli_version=DBT_PYTHON_VERSION,
            project=chosen.dbt_project,
            context=context,
            adapter=ended.adapter,
        )
        # For the lineage of columns sqlglot has Python parse the signatures of its compiled functions, and CPython
        # 3.11 counts the depth of a syntax tree for all threads together (python/cpython#106905): with more than
        # one, now and then a model has no lineage.
        invocation.postprocessing_threadpool_num_threads = 1
        return invocation, ended.model_run

    def options(self, target: Path) -> list[str]:
        """The options of dbt that say where the project is, which profile it takes, and where it writes."""
        options = ["--project-dir", self.project_dir, "--profiles-dir", self.profiles_dir or self.project_dir]
        options += ["--log-level", "none", "--target-path", str(target), "--log-path", str(target)]
        options += ["--profile", self.profile] if self.profile else []
        options += ["--target", self.target] if self.target else []
        return options


def make_resources(settings: Settings) -> dict[str, object]:
    """The resources for these settings."""
    azure = azure_resource(settings) if settings.has_azure else None
    return {
        "annotation_database": AnnotationDatabaseResource(settings=settings),
        "archives": ArchivesResource(
            text_url=settings.doubleread_text_archives,
            image_url=settings.doubleread_image_archives,
            index_url=settings.archive_index_url,
            dicoms_url=settings.doubleread_dicoms,
            decode=settings.doubleread_decode_dicoms,
            settings=settings,
        ),
        **({"azure_blob_storage": azure} if azure else {}),
        "clinical_account": ClinicalAccountResource(settings=settings),
        "exports": ExportResource(url=settings.export_url, settings=settings),
        "image_store": ImageStoreResource(url=settings.images_url, azure=azure, settings=settings),
        "folders": FoldersResource(
            scans=str(settings.doubleread_home / "scans"),
            cases=str(settings.doubleread_home / "cases"),
            training_set=str(settings.doubleread_training_set),
            dbt_target=str(target_folder(settings)),
        ),
        "measurements": MeasurementsResource(
            folder=str(settings.doubleread_measurements) if settings.doubleread_measurements else None,
            log=str(settings.doubleread_home / "measure.log"),
        ),
        # dagster-dbt looks for the executable when the resource is made; nothing runs it.
        "dbt": DbtResource(project_dir=str(PROJECT_DIR), profiles_dir=str(PROJECT_DIR), dbt_executable=str(DBT)),
    }


def azure_resource(settings: Settings) -> "AzureBlobStorageResource":
    """dagster-azure's resource for the account of the settings.

    The secret is handed over in a variable of this process's environment, since the resource shows its other fields
    in the page.
    """
    # Importing it takes a fifth of the time of loading everything, which only installations with Azure need.
    from dagster_azure.blob import (  # noqa: PLC0415
        AzureBlobStorageDefaultCredential,
        AzureBlobStorageKeyCredential,
        AzureBlobStorageResource,
        AzureBlobStorageSASTokenCredential,
    )

    account = azure_account(settings)
    secret = account.key or account.sas_token
    if secret:
        os.environ[SECRET_VARIABLE] = secret
    credential: AzureBlobStorageKeyCredential | AzureBlobStorageSASTokenCredential | AzureBlobStorageDefaultCredential
    if account.key:
        credential = AzureBlobStorageKeyCredential(key=dg.EnvVar(SECRET_VARIABLE))
    elif account.sas_token:
        credential = AzureBlobStorageSASTokenCredential(token=dg.EnvVar(SECRET_VARIABLE))
    else:
        credential = AzureBlobStorageDefaultCredential()
    return AzureBlobStorageResource(account_url=account.blob_endpoint, credential=credential)


def account_of_resource(resource: "AzureBlobStorageResource") -> AzureAccount:
    """The account that dagster-azure's resource names, as the stores take it."""
    return AzureAccount.at(
        resource.account_url,
        key=getattr(resource.credential, "key", None),
        sas_token=getattr(resource.credential, "token", None),
    )
