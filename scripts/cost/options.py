"""What settings that are off by default add to a bill."""

from collections.abc import Iterator

from scripts.cost.prices import Prices

MANY = 100_000


def options(prices: Prices) -> Iterator[str]:
    """Yield the lines of the table of options."""
    usd, size = prices.usd, prices.assumed["video_gb_per_hour"]
    rare = usd["infrequent_gb_month"]
    rows = (
        (
            "`access.data_events`",
            (
                f"{money(MANY * usd['data_event'])} for 100,000 calls on objects; a video hour"
                f" makes about {prices.assumed['objects_per_hour']:g}"
            ),
        ),
        (
            "`storage.infrequent_access_days`",
            (
                f"{money(rare)} a GB month, {money(usd['storage_gb_month'])} before; a video hour"
                f" kept for another month costs {money(size * rare)}, and each GB that is read"
                f" {money(usd['infrequent_read_gb'])}"
            ),
        ),
        ("`backup.lock`", "nothing; but what is locked cannot be deleted, and is paid for"),
        (
            "`backup.copy_to`",
            (
                f"{money(usd['backup_gb_month'])} a GB month of tables for the second copy, and in"
                f" another region {money(usd['region_gb'])} for each GB on its way"
            ),
        ),
        ("`budget.anomaly_usd`", "nothing; AWS looks for anomalies and sends notifications free"),
        (
            "`uploads.malware_scan`",
            (
                f"{money(usd['scan_gb'])} a GB scanned, {money(MANY * usd['scan_object'])} for"
                f" 100,000 uploads and {money(MANY * usd['object_tag_month'])} a month for their"
                f" tags; a video hour costs {money(size * usd['scan_gb'] + usd['scan_object'])}"
            ),
        ),
        ("`access.organization`, `access.vpc_endpoints`", "nothing"),
        ("`dispatcher.canary_minutes`", f"{money(usd['alarm_metric_month'])} a month, an alarm"),
        (
            "`execute_command`",
            (
                "an interface endpoint in each zone, where there are endpoints:"
                f" {money(prices.hours * usd['interface_endpoint_zone_hour'])} a month"
            ),
        ),
    )
    yield from ("| setting | price |", "|---|---|")
    for setting, price in rows:
        yield f"| {setting} | {price} |"


def money(usd: float) -> str:
    """Return an amount in dollars, with more than cents where it has more."""
    return f"${usd:.2f}" if round(usd, 2) == round(usd, 6) else f"${usd:.4f}".rstrip("0")
