"""The app of promotion: `promotion.toml` becomes stacks, apart from those of environments."""

from pathlib import Path

from aws_cdk import App, Tags, Validations

from cdk.application import ENVIRONMENTS, feature_flags
from cdk.config import load_environments
from cdk.nag.environment_findings import packs
from cdk.nag.promotion_findings import acknowledge
from cdk.promotion.access import AccessStack
from cdk.promotion.config import load_promotion
from cdk.promotion.github import GithubStack
from cdk.promotion.pipeline import PipelineStack
from cdk.promotion.releases import ReleasesStack
from cdk.promotion.targets import promoter_role, release_target, target_of
from runtime.core.contract import SERVICE_NAME

FILE = "promotion.toml"


def build_promotion(root: Path, *, outdir: Path | None, file: Path | None = None) -> App:
    """Return the app of `root/promotion.toml`, or of another `file`.

    Raise `ConfigError` before the first construct exists if a file is wrong. `app.synth()` fails on
    unacknowledged findings of cdk-nag.
    """
    app = App(
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
        tree_metadata=False,
        context=feature_flags(root),
    )
    environments = {
        environment.name: environment
        for environment in load_environments(root / ENVIRONMENTS, None)
    }
    config = load_promotion(file or root / FILE, environments)
    Validations.of(app).add_plugins(*packs())
    Tags.of(app).add("Service", SERVICE_NAME)
    targets = {
        stage.environment: target_of(environments[stage.environment], config)
        for stage in config.stages
    }
    releases = ReleasesStack(
        app,
        release_target=release_target(config),
        promoters=[(target, promoter_role(name)) for name, target in targets.items()],
    )
    for name, target in targets.items():
        AccessStack(app, environment=name, target=target, config=config)
    if config.github:
        everywhere = (*targets.values(), release_target(config))
        accounts = {target.account: target for target in everywhere}
        for account, target in accounts.items():
            images = releases.images if account == config.account else None
            if images is None and config.github_provider_exists:
                continue
            GithubStack(app, target=target, config=config, images=images)
    if config.pipeline is not None:
        PipelineStack(
            app,
            config=config,
            pipeline=config.pipeline,
            environments=environments,
            targets=targets,
            images=releases.images,
        )
    acknowledge(app, config, targets)
    return app
