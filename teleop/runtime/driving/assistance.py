"""Watches a policy that a person supervises: its gauges, and when it asks for help.

A question counts against the person's budget: at most so many a minute (Hoque et al. 2021,
"ThriftyDAgger"). The policy then stops, and drives on when the person has taken over and let go, or
tells it to go on.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from teleop.errors import TeleopError, sentence
from teleop.learning import LearnedPolicy
from teleop.learning.covariate_shift.gauges import (
    GaugeReader,
    gauge_words,
    gauges_from_json,
)
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.runtime.protocol.diagnosis_messages import GaugeReading
from teleop.runtime.protocol.session_messages import Notice, Say, Tone
from teleop.session import Phase, Session
from teleop.take_over import TakeOver
from teleop.text import tr
from teleop.types.findings import Gauge, GaugeRates

_MINUTE_S = 60.0
_QUIET_S = 3.0  # after a question, the next one comes at least this much later
_UNMEASURED = (Gauge("distance", 1.0, GaugeRates(0, 0, 0, 0), None),)


class Assistance:
    """The gauges of the policy that a person supervises.

    Attributes:
        per_minute: questions a minute that are all right; 0: the policy never asks.
        asks: why the session waits for a touch: `help`, `begin`, or empty if it does not.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self.per_minute = 0.0
        self.asks = ""
        self._worker = ThreadPoolExecutor(1, "gauges")
        self._loading: Future[KnownStates] | None = None
        self._reader: GaugeReader | None = None
        self._gauges: Sequence[Gauge] = ()
        self._values: dict[str, float] = {}
        self._asked: deque[float] = deque(maxlen=64)

    def watch(self, policy: LearnedPolicy | None, load: Callable[[], KnownStates] | None) -> None:
        """Watch another policy; None ends it.

        Args:
            policy: the policy.
            load: loads the states that it learned from; called in another thread.
        """
        self._reader, self._loading, self._values = None, None, {}
        self.asks = ""
        if policy is None or load is None:
            return
        self._gauges = gauges_from_json(policy.config.learned.get("gauges")) or _UNMEASURED
        self._loading = self._worker.submit(load)

    def forget(self) -> None:
        """Begin a new episode."""
        self._values, self.asks = {}, ""
        if self._reader:
            self._reader.forget()

    def after_step(self, session: Session, now: float) -> None:
        """Read the gauges after a step; stop the session if the policy asks for help."""
        self._take_loaded(session)
        driver = session.policy
        if self._reader is None or not isinstance(driver, TakeOver):
            return
        policy = driver.policy
        if not isinstance(policy, LearnedPolicy):
            return
        self._values = self._reader.read(session.observation, policy)
        wants = session.phase is Phase.RUNNING and not driver.intervention
        if wants and self._may_ask(now) and any(self._warns(gauge) for gauge in self._gauges):
            self._asked.append(now)
            self.asks = "help"
            session.pause()

    def readings(self) -> tuple[GaugeReading, ...]:
        """Return the current values; empty while they are not known."""
        return tuple(
            GaugeReading(
                gauge.name,
                self._values[gauge.name] / max(gauge.threshold, 1e-9),
                gauge_words(gauge) if gauge.rates.failures + gauge.rates.successes else "",
            )
            for gauge in self._gauges
            if gauge.name in self._values
        )

    def close(self) -> None:
        """Stop loading."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _warns(self, gauge: Gauge) -> bool:
        return self._values.get(gauge.name, 0.0) > gauge.threshold

    def _may_ask(self, now: float) -> bool:
        if self.per_minute <= 0:
            return False
        recent = [when for when in self._asked if now - when < _MINUTE_S]
        quiet = not recent or now - recent[-1] >= _QUIET_S
        return quiet and len(recent) < self.per_minute

    def _take_loaded(self, session: Session) -> None:
        if self._loading is None or not self._loading.done():
            return
        loading, self._loading = self._loading, None
        try:
            known = loading.result()
        except (TeleopError, OSError, ValueError, KeyError) as problem:
            text = tr("The gauges cannot be read: {problem}", problem=sentence(problem))
            self._say(Notice(Tone.PLAIN, text))
            return
        self._reader = GaugeReader(known, session.pace_hz)
