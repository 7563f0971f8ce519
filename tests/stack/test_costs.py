"""The cost table of the guide adds up: from its own prices, and from the measured request units."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rows(document: str, header: str) -> list[list[str]]:
    """The rows of the table with that header"""
    text = (ROOT / document).read_text()
    _, table = text.split(header, 1)
    lines = table.splitlines()[2:]
    taken = []
    for line in lines:
        if not line.startswith("|"):
            break
        taken.append([it.strip(" *") for it in line.strip("|").split("|")])
    return taken


def number(text: str) -> float:
    return float(text.replace(",", "") or 0)


GUIDE = "docs/guide/deploy.md"
PRICES = {it[0]: number(it[1]) for it in rows(GUIDE, "| What | Price | Source |")}
# What one alert takes, by the price that it is multiplied with
KINDS = {
    "write units": "write unit, a million",
    "read units": "read unit, a million",
    "HTTP API requests": "HTTP API, a million requests",
    "Lambda requests": "Lambda, a million requests",
    "Lambda GB-seconds": "Lambda on arm64, a million GB-seconds",
    "SNS messages": "SNS, a million messages",
    "logs, kB": "logs taken in, a GB",
}


def test_a_million_alerts_cost_what_the_parts_do():
    *parts, whole = rows(GUIDE, "| What | Of it | A million alerts |")
    for what, amount, cost in parts:
        price = next(PRICES[price] for kind, price in KINDS.items() if what.startswith(kind))
        expected = number(amount) * price
        assert abs(number(cost) - expected) < 0.006, what
    assert abs(number(whole[2]) - sum(number(it[2]) for it in parts)) < 0.006


def test_the_request_units_are_those_measured():
    measured = rows("docs/reference/performance.md", "| Step | Times | Writes | Index writes | Reads |")
    together = next(it for it in measured if it[0] == "together")
    writes, index, reads = (number(it) for it in together[2:5])
    taken = {it[0].split(",")[0]: number(it[1]) for it in rows(GUIDE, "| What | Of it | A million alerts |")}
    assert taken["write units"] == writes + index
    assert taken["read units"] == reads + 1


def test_each_month_adds_up():
    whole = number(rows(GUIDE, "| What | Of it | A million alerts |")[-1][2])
    for alerts, cost, traces, fixed, month in rows(
        GUIDE, "| Alerts a month | For each alert | Traces | Fixed | A month |"
    ):
        millions = number(alerts) / 1e6
        assert abs(number(cost) - whole * millions) < 0.006, alerts
        assert abs(number(traces) - 5 * PRICES["traces, a million"] * millions) < 0.006, alerts
        assert abs(number(month) - sum(map(number, (cost, traces, fixed)))) < 0.006, alerts


def test_the_alarms_are_counted():
    template = (ROOT / "infra/template.yaml").read_text()
    alarms = template.count("Type: AWS::CloudWatch::Alarm")
    said = re.search(r"is ([\d.]+) a month: (\d+) alarms", (ROOT / GUIDE).read_text())
    assert int(said[2]) == alarms
    assert abs(float(said[1]) - (alarms * 0.10 + 0.30 + 3 * 0.40)) < 0.006
