"""The view model: all data from the other processes, as the screens need it.

Messages change it and screens read it. It does not use pygame and does not draw.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from teleop.runtime.protocol.class_messages import ClassListed, ClassStudied, FromClassroom
from teleop.runtime.protocol.comparison_messages import (
    AxisSpread,
    LaneInfo,
    ReplayFrames,
    ReplayGauges,
    ReplayOpened,
    ReplayProgress,
    RewardMapped,
    StepGauge,
)
from teleop.runtime.protocol.diagnosis_messages import Examined, GaugesMeasured, MomentShown
from teleop.runtime.protocol.library_messages import (
    Curate,
    CuratePolicies,
    EpisodesListed,
    ImportAsked,
    LibraryListed,
    Working,
)
from teleop.runtime.protocol.preference_messages import PiecesReady, PreferenceAsked
from teleop.runtime.protocol.session_messages import (
    Corrected,
    Corrections,
    EnvFailed,
    EnvOpened,
    FromEnvironment,
    LibraryChanged,
    Notice,
    Pictured,
    ProcessLost,
    ProcessName,
    SessionSnapshot,
    SlowCall,
    Tone,
)
from teleop.runtime.protocol.shared_frames import Frame
from teleop.runtime.protocol.training_messages import (
    Analysis,
    AnalysisProgress,
    BaselineScores,
    Checked,
    Finding,
    FromTrainer,
    MethodsCompared,
    PolicySaved,
    Profiled,
    RewardMapsShown,
    Rounds,
    TrainingBegan,
    TrainingFailed,
    TrainingProgress,
)
from teleop.text import joined, tr
from teleop.types.metadata import DatasetSummary
from teleop.types.results import HeldOutCheck, PairedComparison, Score, Tried
from teleop.ui.state.analyses import Analyses


@dataclass(slots=True)
class LaneCurve:
    """One side of a comparison, as far as it is computed.

    Attributes:
        about: who drives this side.
        returns: (T+1) return after each step, starting with 0.
        actions: (T) each action as text.
        seen: (T) observed numbers before each step.
        over: whether this side has ended.
        learned: (T) learned reward of each step; empty if no policy has one.
    """

    about: LaneInfo

    returns: list[float] = field(default_factory=lambda: [0.0])
    actions: list[str] = field(default_factory=list)
    seen: list[tuple[float, ...]] = field(default_factory=list)
    over: bool = False
    learned: list[float] = field(default_factory=list)

    def follow(self, live: SessionSnapshot) -> None:
        """Follow a session that drives this side: add a step, or go back to an earlier one."""
        del self.returns[live.steps + 1 :], self.actions[live.steps :], self.seen[live.steps + 1 :]
        missing = live.steps - len(self.actions)
        self.actions += [live.action] * missing
        self.returns += [live.total_reward] * missing
        if live.numbers and not live.rewinding:  # while rewinding, these are numbers of the present
            del self.seen[live.steps :]
            numbers = tuple(value for _, value in live.numbers)
            self.seen += [numbers] * (live.steps + 1 - len(self.seen))
        self.over = live.phase == "ended"


@dataclass(slots=True)
class Gauged:
    """The gauges of a comparison, as far as they are measured; see `ReplayGauges`."""

    files: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    lanes: tuple[list[StepGauge], ...] = ()
    spreads: list[tuple[AxisSpread, ...]] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)

    def grow(self, news: ReplayGauges) -> None:
        """Add what was measured since the last report."""
        self.files, self.numbers, self.limits = news.files, news.numbers, dict(news.limits)
        self.lanes = self.lanes or tuple([] for _ in news.lanes)
        for lane, new in zip(self.lanes, news.lanes, strict=False):
            lane += new
        self.spreads += news.spreads


@dataclass(slots=True)
class Comparison:
    """A recorded episode compared with its rivals."""

    about: ReplayOpened
    lanes: tuple[LaneCurve, ...]
    likely: list[tuple[tuple[float, ...], ...]] = field(default_factory=list)
    pressed: list[tuple[int, ...]] = field(default_factory=list)
    would: list[str] = field(default_factory=list)
    differs: list[bool] = field(default_factory=list)
    diverged_at: int | None = None
    fidelity: str = ""
    agreement: float | None = None
    shown: int = 0
    gauges: Gauged = field(default_factory=Gauged)
    reward_map: RewardMapped | None = None

    @classmethod
    def of(cls, about: ReplayOpened) -> "Comparison":
        """Create a comparison without any steps yet."""
        return cls(about, tuple(LaneCurve(lane) for lane in about.lanes))

    @property
    def steps(self) -> int:
        """The number of steps of the longest side so far."""
        return max(len(lane.actions) for lane in self.lanes)

    @property
    def complete(self) -> bool:
        """Whether all sides have ended."""
        return all(lane.over for lane in self.lanes)

    def grow(self, updates: ReplayProgress) -> None:
        """Add what was computed since the last report."""
        for lane, growth in zip(self.lanes, updates.lanes, strict=True):
            for reward in growth.rewards:
                lane.returns.append(lane.returns[-1] + reward)
            lane.actions += growth.actions
            lane.seen += growth.seen
            lane.learned += growth.learned
            lane.over = growth.over
        self.likely += updates.likely
        self.pressed += updates.pressed
        self.would += updates.would
        self.differs += updates.differs
        self.diverged_at = updates.diverged_at
        self.fidelity, self.agreement = updates.fidelity, updates.agreement


@dataclass(slots=True)
class TrainingState:
    """The running training, or the last one."""

    dataset_id: str
    running: bool = True
    began: TrainingBegan | None = None
    phase: str = tr("Loading your episodes")
    step: int = 0
    total: int = 1
    seconds_left: float | None = None
    losses: list[tuple[int, float]] = field(default_factory=list)
    returns: list[tuple[int, float]] = field(default_factory=list)
    loss_phase: str = ""
    check: HeldOutCheck | None = None
    log: list[Finding] = field(default_factory=list)
    tried: tuple[Tried, ...] = ()
    scores: tuple[Score, ...] = ()
    advice: tuple[str, ...] = ()
    policy: str = ""
    version: int = 0
    seconds: float = 0.0
    problem: str = ""

    def hear(self, updates: TrainingProgress) -> None:
        """Apply a progress report."""
        if updates.losses and updates.phase != self.loss_phase:
            self.losses.clear()  # another network begins
            self.loss_phase = updates.phase
        self.phase, self.step, self.total = updates.phase, updates.step, updates.total
        if self.seconds_left is None or updates.seconds_left < self.seconds_left:
            self.seconds_left = updates.seconds_left  # an estimate that grows helps nobody
        self.losses += updates.losses
        self.returns += updates.returns
        self.log += updates.findings
        self.tried = updates.tried or self.tried

    def take_policy(self, message: PolicySaved) -> None:
        """Apply the news of a playable policy, the first one or a better one."""
        if not self.policy:
            text = tr("First playable policy after {seconds:.1f} s", seconds=message.seconds)
            self.log.append(Finding(text, True))
        self.policy = message.name
        self.version += 1
        self.seconds = message.seconds
        self.running = not message.final


@dataclass(slots=True)
class ViewModel:
    """All data that screens show."""

    env: EnvOpened | None = None
    env_problem: str = ""
    opening: str = ""  # id of the environment that is being opened
    live: SessionSnapshot | None = None
    preview: SessionSnapshot | None = None
    library: LibraryChanged | None = None
    comparison: Comparison | None = None
    run: LaneCurve | None = None  # the person's current run beside the comparison
    training: TrainingState | None = None
    analyses: Analyses = field(default_factory=Analyses)
    corrections: tuple[Corrected, ...] = ()
    datasets: tuple[DatasetSummary, ...] | None = None
    listed: EpisodesListed | None = None
    working: Working | None = None
    library_undo: list[Curate | CuratePolicies] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    lost: str = ""  # why the environment process ended
    slow: SlowCall | None = None
    replay_problem: str = ""
    frames: dict[str, Frame] = field(default_factory=dict)

    @property
    def own_training(self) -> TrainingState | None:
        """The training, if it is running or belongs to the dataset that is shown."""
        training, library = self.training, self.library
        if training is None or library is None:
            return None
        mine = training.running or training.dataset_id == library.dataset_id
        return training if mine else None

    def hear(self, message: FromEnvironment | FromTrainer | FromClassroom) -> None:
        """Apply one message from another process."""
        handler = _HANDLERS.get(type(message))
        if handler:
            handler(self, message)

    # ------------------------------------------------------------ from the environment process

    def _pictured(self, message: Pictured) -> None:
        if message.frame:
            self.frames[message.view] = message.frame
        if message.view == "drive":
            self.live = message.live
            if self.run:
                self.run.follow(message.live)
        elif message.view == "preview":
            self.preview = message.live

    def _replay_pictured(self, message: ReplayFrames) -> None:
        for frame in message.frames:
            self.frames[frame.view] = frame
        if self.comparison:
            self.comparison.shown = message.step

    def _replay_grew(self, message: ReplayProgress) -> None:
        if self.comparison:
            self.comparison.grow(message)

    def _reward_mapped(self, message: RewardMapped) -> None:
        if self.comparison:
            self.comparison.reward_map = message

    def _replay_gauged(self, message: ReplayGauges) -> None:
        if self.comparison:
            self.comparison.gauges.grow(message)

    def _moment_shown(self, message: MomentShown) -> None:
        self.frames["moment"] = message.frame
        self.analyses.moment = (message.file, message.step)

    def _gauged(self, _: GaugesMeasured) -> None:
        self.analyses.gauged += 1

    def _examined(self, message: Examined) -> None:
        self.analyses.examined[message.study] = message
        if message.problem:
            self._trouble(message.problem)

    def _replay_opened(self, message: ReplayOpened) -> None:
        self.comparison, self.replay_problem = Comparison.of(message), ""

    def _opened(self, message: EnvOpened) -> None:
        if self.env is None or self.env.env_id != message.env_id:
            self.comparison = self.analyses.rounds = self.run = self.preview = None
            self.analyses.moment = None
            self.analyses.examined.clear()
            self.corrections = ()
            self.frames = {"drive": self.frames["drive"]} if "drive" in self.frames else {}
        self.env, self.env_problem, self.opening = message, "", ""

    def _env_failed(self, message: EnvFailed) -> None:
        self.env_problem, self.opening = message.problem, ""
        self._trouble(message.problem)

    def _noticed(self, message: Notice) -> None:
        self.notices.append(message)
        if message.undo is not None:
            self.library_undo.append(message.undo)
        self.replay_problem = message.text if message.tone is Tone.BAD else ""

    def _library_changed(self, message: LibraryChanged) -> None:
        self.library = message

    def _corrected(self, message: Corrections) -> None:
        self.corrections = message.episodes

    def _datasets_listed(self, message: LibraryListed) -> None:
        self.datasets = message.datasets

    def _episodes_listed(self, message: EpisodesListed) -> None:
        self.listed = message

    def _class_listed(self, message: ClassListed) -> None:
        self.analyses.classroom.list(message)

    def _class_studied(self, message: ClassStudied) -> None:
        self.analyses.classroom.learn(message)
        if message.problem:
            self._trouble(message.problem)

    def _works(self, message: Working) -> None:
        self.working = message if message.total else None

    def _process_lost(self, message: ProcessLost) -> None:
        if message.process is ProcessName.ENVIRONMENT:
            self.lost = message.why
        elif message.process is ProcessName.CLASSROOM:
            self.analyses.classroom.lose(message.why)
            self._trouble(message.why)
        else:
            self._trainer_lost(message)

    # ------------------------------------------------------------ from the training process

    def _analysed(self, message: AnalysisProgress) -> None:
        self.analyses.found[message.study] = message
        self.analyses.running = None if message.final else message.study
        if message.problem:
            self._trouble(message.problem)

    def _profiled(self, message: Profiled) -> None:
        self.analyses.profile = message

    def _rounds_told(self, message: Rounds) -> None:
        before, self.analyses.rounds = self.analyses.rounds, message
        known = before is not None and before.policy == message.policy
        found = message.rounds[-1].against if message.rounds else None
        if found is not None and known and before and before.rounds[-1].against is None:
            self.notices.append(Notice(Tone.PLAIN, _chosen_words(found)))

    def _trainer_lost(self, message: ProcessLost) -> None:
        """Handle that the training process ended unexpectedly."""
        self.analyses.running = None
        training = self.training
        if training is None or not training.running:
            return
        kept = tr("Recordings are safe; train again.")
        if training.policy:
            kept = tr("Your recordings and the policy so far are safe; train again.")
        training.running = False
        training.problem = joined(" ", (message.why, kept))
        self._trouble(training.problem)

    def _training_began(self, message: TrainingBegan) -> None:
        if self.training:
            self.training.began = message
            known = self.analyses.profile
            if known is None or known.dataset_id != self.training.dataset_id:
                known = Profiled(self.training.dataset_id, ())
            self.analyses.profile = replace(known, traits=message.traits)

    def _training_went_on(self, message: TrainingProgress) -> None:
        if self.training:
            self.training.hear(message)

    def _scored(self, message: BaselineScores) -> None:
        if self.training:
            self.training.scores, self.training.advice = message.scores, message.advice

    def _checked(self, message: Checked) -> None:
        if self.training:
            self.training.check = message.check

    def _methods_compared(self, message: MethodsCompared) -> None:
        self.analyses.latest[MethodsCompared] = message
        self.analyses.running = None if message.final else Analysis.METHODS
        if message.problem:
            self._trouble(message.problem)

    def _keep_latest(
        self, message: RewardMapsShown | PreferenceAsked | PiecesReady | ImportAsked
    ) -> None:
        self.analyses.latest[type(message)] = message

    def _policy_saved(self, message: PolicySaved) -> None:
        if self.training:
            self.training.take_policy(message)

    def _training_failed(self, message: TrainingFailed) -> None:
        if self.training:
            self.training.running = False
            self.training.problem = message.problem
            self._trouble(message.problem)

    def _trouble(self, text: str) -> None:
        self.notices.append(Notice(Tone.BAD, text))


_HANDLERS: dict[type, Callable[[ViewModel, Any], None]] = {
    Pictured: ViewModel._pictured,
    ReplayFrames: ViewModel._replay_pictured,
    ReplayProgress: ViewModel._replay_grew,
    ReplayOpened: ViewModel._replay_opened,
    ReplayGauges: ViewModel._replay_gauged,
    RewardMapped: ViewModel._reward_mapped,
    MomentShown: ViewModel._moment_shown,
    Examined: ViewModel._examined,
    GaugesMeasured: ViewModel._gauged,
    EnvOpened: ViewModel._opened,
    EnvFailed: ViewModel._env_failed,
    Notice: ViewModel._noticed,
    LibraryChanged: ViewModel._library_changed,
    Corrections: ViewModel._corrected,
    LibraryListed: ViewModel._datasets_listed,
    EpisodesListed: ViewModel._episodes_listed,
    Working: ViewModel._works,
    ImportAsked: ViewModel._keep_latest,
    ClassListed: ViewModel._class_listed,
    ClassStudied: ViewModel._class_studied,
    ProcessLost: ViewModel._process_lost,
    AnalysisProgress: ViewModel._analysed,
    Profiled: ViewModel._profiled,
    Rounds: ViewModel._rounds_told,
    RewardMapsShown: ViewModel._keep_latest,
    MethodsCompared: ViewModel._methods_compared,
    PreferenceAsked: ViewModel._keep_latest,
    PiecesReady: ViewModel._keep_latest,
    TrainingBegan: ViewModel._training_began,
    TrainingProgress: ViewModel._training_went_on,
    BaselineScores: ViewModel._scored,
    Checked: ViewModel._checked,
    PolicySaved: ViewModel._policy_saved,
    TrainingFailed: ViewModel._training_failed,
}


def _chosen_words(found: PairedComparison) -> str:
    """Return which of two rounds drives from now on, and why."""
    if found.better == found.second:
        text = tr("{before} is better, so it stays chosen.", before=found.second)
    elif found.better:
        text = tr("{after} is better than before.", after=found.first)
    else:
        text = tr(
            "{starts} starts do not show a difference; the newer {after} is chosen.",
            starts=found.starts,
            after=found.first,
        )
    return text


def outline(live: SessionSnapshot | None) -> tuple[object, ...]:
    """Return the parts of a session's state that the window shows outside the frame."""
    if live is None:
        return ()
    real = round(live.real_hz)
    phase = (live.engaged, live.phase, live.pending, live.starred, live.rewinding)
    watched = live.steps // 10 if live.control else 0
    return (
        *phase,
        live.asks,
        live.seed,
        live.speed,
        real,
        live.control,
        live.driven // 10,
        watched,
    )
