"""How far the queue is, in the words of the bar below every page."""

from __future__ import annotations

from random import Random

from ..domain.base.wording import counted, pack_title
from ..domain.journal.estimate import about
from .controller import Controller
from .nodes.running import Running

# Jobs that are asked how long they take; of a longer queue these are drawn, because a run repeats its values in turn.
_ASKED = 1000


class QueueProgress:
    """What is to be said of the queue. Call `refresh` whenever something has happened.

    `busy`: there is something to pause or stop. `head` and `text` are what is said, `eta` is the time left, and `share`
    how much is done, 0 to 1: None while nobody knows.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._forecast_of, self._job_s, self._rest_s = ("", 0), 0.0, 0.0
        self.news = ""  # about the backend's lists; goes before what else there is to say, until the queue moves on
        self.busy = False
        self.head = self.text = self.eta = ""
        self.share: float | None = None

    def refresh(self) -> None:
        """Work out the present state."""
        working, waiting = self._controller.nodes.working, len(self._controller.queue)
        running = working[0] if working else None
        tally, open_jobs = self._controller.jobs.tally, waiting + len(working)
        self.busy = open_jobs > 0
        total = tally.ended + open_jobs
        if self._controller.why_not:
            self._tell_trouble(open_jobs)
        elif running is None:
            self.head = "Paused" if self._controller.paused and waiting else ""
            ended = tally.words
            self.text = f"{counted(waiting, 'job')} wait{'s' if waiting == 1 else ''}" if waiting else ended
            why = self._controller.dispatch.why_waiting(self._controller.queue) if waiting and not self.head else ""
            self.text = f"{self.text}. {why}" if why else self.text or "Nothing is running"
            self.eta, self.share = "", 0.0
        else:
            self.head = f"Job {tally.ended + 1:,} of {total:,}"
            self.text = self._told(running) if self._controller.nodes.is_alone else self._told_together(len(working))
            self.eta = self._time_left(working, waiting)
            known = tally.ended > 0 or any(one.fraction > 0 or one.stage_number > 1 for one in working)
            self.share = (tally.ended + sum(one.done for one in working)) / max(1, total) if known else None
        self.text = self.news or self.text

    def _tell_trouble(self, open_jobs: int) -> None:
        """The backend does not answer: that, and what waits for it, goes before how far the queue is."""
        state = self._controller.backend
        waits = f"{counted(open_jobs, 'job')} {'wait' if open_jobs > 1 else 'waits'}. " if open_jobs else ""
        self.head, self.text = f"{state.lasting}.", f"{waits}{state.problem}"
        self.eta, self.share = "", 0.0

    def _told(self, running: Running) -> str:
        job, learning = running.job, running.job.learning
        if learning.plan_id:
            # No steps, no value: in blind rating they would tell which picture is which.
            parts = ["Learning Run", pack_title(job.pack_id), f"row {learning.row + 1}", f"{running.done:.0%}"]
        else:
            step = f"{running.stage} {running.step} of {running.steps}" if running.steps else running.stage
            parts = [pack_title(job.pack_id), job.prompt_id, f"seed {job.seed}", running.state or step]
        return " · ".join(part for part in parts if part)

    def _told_together(self, busy: int) -> str:
        """Several machines: how many of them work, and how fast."""
        paces = [pace for one in self._controller.nodes.states if one.running and (pace := one.per_minute)]
        speed = f" · {sum(paces):.1f} pictures a minute" if paces else ""
        return f"{counted(busy, 'machine')}{speed}"

    def _time_left(self, working: tuple[Running, ...], waiting: int) -> str:
        """In words. Counted only when the queue changes: there may be thousands of jobs, and this comes every tick."""
        if self._forecast_of != (working[0].job.job_id, waiting) or not self._job_s:
            self._forecast_of = working[0].job.job_id, waiting
            self._job_s = self._controller.forecast_s((working[0].job.config,)) or 0.0
            queue = self._controller.queue
            asked = queue if len(queue) <= _ASKED else Random(_ASKED).sample(queue, _ASKED)
            rest_s = self._controller.forecast_s(one.config for one in asked) or 0.0
            self._rest_s = rest_s * len(queue) / max(1, len(asked))
        begun_s = self._job_s * sum(1 - one.done for one in working) / len(working)
        return f"{about(begun_s + self._rest_s)} left" if self._job_s else ""
