"""Plans for archives by the million: what restoring and reassembling them takes, and how it may go.

``Campaign`` holds the amounts, ``make_plan`` reckons requests, hours and dollars, ``simulate`` plays the waves with
failures; ``prices`` and ``rates`` hold every figure that they use. Nothing here touches a network.
"""

from orchestration.archives.planning.campaign import Campaign, Join, Layout, PlanError, Tier
from orchestration.archives.planning.costs import Step
from orchestration.archives.planning.plan import Plan, Total, make_plan
from orchestration.archives.planning.risks import Risks
from orchestration.archives.planning.simulation import Outcome, simulate

__all__ = [
    "Campaign",
    "Join",
    "Layout",
    "Outcome",
    "Plan",
    "PlanError",
    "Risks",
    "Step",
    "Tier",
    "Total",
    "make_plan",
    "simulate",
]
