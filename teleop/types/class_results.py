"""What a class handed in, and what is learned from it: frozen values that processes exchange."""

from dataclasses import dataclass

from teleop.types.results import PairedComparison


@dataclass(frozen=True, slots=True)
class StudentRow:
    """What one student handed in.

    Attributes:
        student: the codename: the name of the bundle without its ending.
        file: name of the bundle.
        takes: number of episodes that count: driven by a person, exact when replayed, no copies.
        minutes: minutes of these episodes; 0 if the environment is turn-based.
        mean: their mean return; None if there are none.
        success: share of successes; None if nothing tells.
        policy: name of the best policy; empty if there is none.
        policy_mean: its mean return on starts that nobody knew; None if there is none.
        policy_success: its share of successes; None if nothing tells.
        exact: number of episodes that are exact when replayed.
        episodes: number of all episodes.
        problems: what does not count and why, in sentences.
        is_out: whether the teacher took this student's data out.
    """

    student: str
    file: str
    takes: int = 0
    minutes: float = 0.0
    mean: float | None = None
    success: float | None = None
    policy: str = ""
    policy_mean: float | None = None
    policy_success: float | None = None
    exact: int = 0
    episodes: int = 0
    problems: tuple[str, ...] = ()
    is_out: bool = False


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """What policies of a number of students reach, with 95 % intervals over groups and starts.

    Attributes:
        teachers: number of students whose episodes a policy learned from.
        groups: number of random groups of this size.
        mean: mean return.
        low: lower end of its interval.
        high: upper end of its interval.
        success: share of successes and its interval; None if nothing tells.
    """

    teachers: int
    groups: int
    mean: float
    low: float
    high: float
    success: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class TeacherValue:
    """What the policy of one student's episodes reaches.

    Attributes:
        student: the codename.
        minutes: minutes that the student drove; 0 if the environment is turn-based.
        mean: mean return on starts that nobody demonstrated.
        low: lower end of its 95 % interval.
        high: upper end of its 95 % interval.
        success: share of successes there; None if nothing tells.
        per_minute: return above a random policy's, for each minute that the student drove; None
            without minutes.
        on: mean return on the starts of each student's episodes, in the order of the students.
    """

    student: str
    minutes: float
    mean: float
    low: float
    high: float
    success: float | None
    per_minute: float | None
    on: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClassFindings:
    """What was found out about a class, as far as it is known.

    Attributes:
        dataset_id: the dataset of the class in the teacher's library.
        env_id: the environment.
        students: the students whose episodes count, by name.
        starts: number of starts that nobody demonstrated.
        rule: when an episode counts as a success; empty if nothing tells.
        random: mean return of a random policy on these starts.
        growth: what policies of more and more teachers reach.
        teachers: what each student's policy reaches, in the order of the students as far as known.
        policy: name of the class policy, which learned from all; empty if it is not trained yet.
        policy_mean: its mean return on these starts.
        policy_success: its share of successes there; None if nothing tells.
        against: this policy against the policy of the student in the middle.
    """

    dataset_id: str
    env_id: str
    students: tuple[str, ...]
    starts: int
    rule: str = ""
    random: float = 0.0
    growth: tuple[GrowthPoint, ...] = ()
    teachers: tuple[TeacherValue, ...] = ()
    policy: str = ""
    policy_mean: float = 0.0
    policy_success: float | None = None
    against: PairedComparison | None = None

    @property
    def best_first(self) -> list[TeacherValue]:
        """The teachers whose policy reaches most first: by success, then by return."""
        return sorted(self.teachers, key=lambda t: (t.success or 0.0, t.mean), reverse=True)
