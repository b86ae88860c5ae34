"""What goes wrong, how often: the same for the plan, which reckons with it, and for the simulation, which draws it."""

from dataclasses import dataclass

from orchestration.archives.planning import rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """Chances and rates.

    Attributes:
        losses: Spot interruptions of one instance in an hour.
        retries: Reads of an archive that fail once, for each archive.
        poison: Share of archives that never succeed.
        missed: Share of archives whose restore fails or comes too late.
        slow_chance: Share of waves that come back slowly.
        slow_factor: How many times the usual hours such a wave takes.
    """

    losses: float = rates.LOSSES.each
    retries: float = rates.RETRIES.each
    poison: float = rates.POISON.each
    missed: float = rates.MISSED.each
    slow_chance: float = rates.SLOW_CHANCE.each
    slow_factor: float = rates.SLOW_FACTOR.each

    def overhead(self, task_seconds: float) -> float:
        """Work that is really done for each unit of work planned, 1 and more.

        A lost instance loses, on each vCPU, half a task of ``task_seconds`` on average and the time until another
        stands in its place; a poison archive is tried ``POISON_TRIES`` times before it is given up.
        """
        redone = self.losses * (task_seconds / 2 + rates.REPLACEMENT.each) / 3600
        return 1 + redone + self.retries + self.poison * (rates.POISON_TRIES - 1)
