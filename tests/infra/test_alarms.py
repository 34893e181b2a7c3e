"""What must hold of alarms: each bad end has one, each leads to its runbook."""

import json

from runtime.core.contract import METRICS_NAMESPACE, Metric
from tests.infra.alarms import PAGES, alarms, watched
from tests.infra.templates import Deployment

GOOD_ENDS = {
    *(Metric.JOBS_SUCCEEDED, Metric.JOB_SECONDS),
    *(Metric.PROTECTION_RENEWALS, Metric.PROTECTION_LEASE_AGE_SECONDS),
    Metric.PROTECTION_MARGIN_SECONDS,
    *(Metric.JOBS_IN_STATE, Metric.STAGE_SECONDS, Metric.MEDIA_SECONDS, Metric.PROCESSING_USD),
    Metric.SPOT_INTERRUPTIONS,
    *(Metric.SUMMARY_USD, Metric.SUMMARY_SENTENCES_REJECTED),
}
IN_EXPRESSIONS = {Metric.JOBS_FAILED}
"""Counted together with others, in an expression."""

POOL_METRICS = {metric for metric in Metric if metric.startswith(("Protection", "Worker"))}
MODEL_PAGES, MODEL_METRICS = {"summary-fallbacks"}, {Metric.SUMMARY_FALLBACKS}
"""Of a table [summary], which tests/infra/test_summary_model.py has."""

POOL_PAGES = {
    *("jobs-released", "pool-full", "protection-failures", "protection-leases-lost"),
    *("protection-refusals", "work-dead-letters", "work-waiting", "workers-failing"),
}

SERVICE_PAGES = {
    *("service-errors", "service-slow", "service-tasks-missing"),
    *("service-error-rate", "service-database-slow", "service-sockets-full"),
    *("webhook-dead-letters", "events-dead-letters"),
}


def test_should_lead_every_alarm_to_its_runbook(deployment: Deployment) -> None:
    for name, alarm in alarms(deployment).items():
        assert alarm["AlarmDescription"].endswith(f" What to do: docs/runbooks/{name}.md")


def test_should_have_a_page_for_every_alarm_and_an_alarm_for_every_page(
    deployment: Deployment,
) -> None:
    without = SERVICE_PAGES | (set() if deployment.config.workers else POOL_PAGES)

    assert set(alarms(deployment)) == {page.stem for page in PAGES} - without - MODEL_PAGES


def test_should_watch_every_metric_of_our_own_that_tells_of_a_bad_end(
    deployment: Deployment,
) -> None:
    own = {metric for space, metric, _ in watched(deployment) if space == METRICS_NAMESPACE}

    without = MODEL_METRICS | (set() if deployment.config.workers else POOL_METRICS)
    assert own == {metric.value for metric in set(Metric) - GOOD_ENDS - IN_EXPRESSIONS - without}


def test_should_not_ring_for_a_users_mistake(deployment: Deployment) -> None:
    for name in ("jobs-failed", "success-burn-fast", "success-burn-slow"):
        metrics = {each["Id"]: each for each in alarms(deployment)[name]["Metrics"]}
        (expression,) = (each["Expression"] for each in metrics.values() if "Expression" in each)
        for mistake in ("media", "options"):
            counted = metrics[mistake]["MetricStat"]["Metric"]
            assert {"Name": "code_class", "Value": mistake} in counted["Dimensions"]
            assert counted["MetricName"] == Metric.JOBS_FAILED
            assert f"- FILL({mistake}, 0)" in expression


def test_should_say_how_soon_a_person_must_act(deployment: Deployment) -> None:
    severities = {
        name: alarm["AlarmDescription"].partition(" ")[0]
        for name, alarm in alarms(deployment).items()
    }

    assert set(severities.values()) == {"[page]", "[ticket]"}
    assert severities["sweeps-missing"] == severities["success-burn-fast"] == "[page]"


def test_should_watch_how_fast_the_error_budget_is_spent(deployment: Deployment) -> None:
    found = alarms(deployment)
    fast, slow = found["success-burn-fast"], found["success-burn-slow"]

    assert (fast["Threshold"], slow["Threshold"]) == (0.144, 0.06)
    for alarm, seconds in ((fast, 3600), (slow, 6 * 3600)):
        stats = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
        assert {stat["Period"] for stat in stats} == {seconds}


def test_should_watch_queues_and_functions(deployment: Deployment) -> None:
    name = deployment.config.name
    of_a_pool = {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-work-dlq-{name}"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-work-{name}"),
    }

    assert {each for each in watched(deployment) if each[0] != METRICS_NAMESPACE} == {
        *(of_a_pool if deployment.config.workers else ()),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-jobs-dlq-{name}"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", f"lifestream-jobs-{name}"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-reaper-dlq-{name}"),
        ("AWS/Lambda", "Errors", f"lifestream-dispatcher-{name}"),
        ("AWS/Lambda", "Throttles", f"lifestream-dispatcher-{name}"),
        ("AWS/Lambda", "Errors", f"lifestream-reaper-{name}"),
    }


def test_should_count_by_the_environment(deployment: Deployment) -> None:
    for alarm in alarms(deployment).values():
        if alarm.get("Namespace") == METRICS_NAMESPACE:
            assert alarm["Dimensions"] == [{"Name": "environment", "Value": deployment.config.name}]


def test_should_ring_for_missing_data_only_where_silence_is_the_trouble(
    deployment: Deployment,
) -> None:
    silence = {
        name
        for name, alarm in alarms(deployment).items()
        if alarm["TreatMissingData"] == "breaching"
    }

    assert silence == {"sweeps-missing"}
    assert {alarm["TreatMissingData"] for alarm in alarms(deployment).values()} == {
        "breaching",
        "notBreaching",
    }


def test_should_allow_for_sweeps_that_are_a_little_late(deployment: Deployment) -> None:
    alarm = alarms(deployment)["sweeps-missing"]

    assert alarm["Period"] == 3 * 60 * deployment.config.reaper.sweep_minutes
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


def test_should_ring_only_when_jobs_have_waited_all_the_time(pooled: Deployment) -> None:
    alarm = alarms(pooled)["work-waiting"]

    assert alarm["Statistic"] == "Minimum"
    assert alarm["Period"] == pooled.config.alarms.oldest_message_seconds
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)


def test_should_ring_when_an_hour_was_too_much_for_a_full_pool(pooled: Deployment) -> None:
    expression, *metrics = alarms(pooled)["pool-full"]["Metrics"]
    most = pooled.config.workers.max_tasks if pooled.config.workers else None

    assert expression["Expression"] == f"IF(in_work >= {most}, waiting, 0)"
    for metric in metrics:
        assert (metric["MetricStat"]["Period"], metric["MetricStat"]["Stat"]) == (3600, "Minimum")


def test_should_ring_when_workers_are_missing_for_most_of_a_while(pooled: Deployment) -> None:
    alarm = alarms(pooled)["workers-failing"]
    _, *metrics = alarm["Metrics"]

    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (12, 15)
    for metric in metrics:
        assert metric["MetricStat"]["Metric"]["Dimensions"] == [
            {"Name": "ClusterName", "Value": "lifestream-cluster-dev"},
            {"Name": "ServiceName", "Value": "lifestream-worker-dev"},
        ]


def test_should_watch_a_pool_without_holding_on_to_it(pooled: Deployment) -> None:
    observability = json.dumps(pooled.stacks["observability"])

    # What is imported from a stack keeps CloudFormation from removing it.
    assert "ExportsOutputRefWork" not in observability
    assert "ExportsOutputFnGetAttWork" not in observability
    assert "lifestream-dev-workers:" not in observability
