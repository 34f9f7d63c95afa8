"""The parts of the metrics' pages that are made of what is registered."""

from tables import link, of_table, table

from mmgen.cli import facts
from mmgen.families import Metric
from mmgen.plugins import manager


def all_metrics() -> dict[str, Metric]:
    """Return every metric by name."""
    return {metric.name: metric for plugin in manager().plugins for metric in plugin.metrics}


def metric(name: str) -> str:
    """Return a metric's summary."""
    summary = all_metrics()[name].summary
    return f"*{summary[:1].upper() + summary[1:]}.*"


def metric_options(name: str) -> str:
    """Return a metric's options."""
    return of_table(facts.of_metric(all_metrics()[name]).tables[0]) or "It has none."


def metrics() -> str:
    """Return a table of all metrics."""
    rows = [(link(f"{name}.md", name), item.summary) for name, item in all_metrics().items()]
    return table(("metric", "what it is"), sorted(rows))


PARTS = {"metric": metric, "metric-options": metric_options, "metrics": metrics}
