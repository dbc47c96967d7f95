"""The demonstrations that a policy learned from, and those that were recorded since."""

from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.data.expert_labels import read_labels
from teleop.learning.policy import LearnedPolicy, list_policies
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.take_over import OVER


def gather(library: Library, dataset: Dataset, before: LearnedPolicy) -> Demonstrations:
    """Load all that a policy was learned from, and the corrections since.

    That is its dataset, the episodes in which the person took over from a policy (they may lie in
    the person's own dataset), and the labels that an expert gave while this policy or an earlier
    round drove. Episodes that its training left out stay out.

    Raises:
        LearningError: nothing can be learned from them.
        RecordingError: an episode is damaged.
    """
    own = library.dataset(human_dataset_id(before.config.env_id))
    also = []
    if own.dataset_id != dataset.dataset_id and own.exists:
        names = list_policies(dataset.policies)
        rows = [row for row in own.rows() if row.driver_name.split(OVER)[-1] in names]
        also = [(own, [row for row in rows if OVER in row.driver_name])]
    demos = load_demonstrations(dataset, also=also)
    left_out = set(before.config.learned.get("left_out") or ())
    own_rows = range(len(dataset.rows()))  # numbers are only unique within a dataset
    if left_out:
        kept = [i for i in demos.used if i not in own_rows or demos.numbers[i] not in left_out]
        demos = demos.only(kept)
    labels = read_labels(dataset.policies / before.name)
    return demos if labels is None else labels.added_to(demos)


def learned_from(library: Library, dataset: Dataset, policy: LearnedPolicy) -> Demonstrations:
    """Load what a policy was learned from, without what was recorded since.

    If none of its episodes exists any more, everything that `gather` finds is returned.

    Raises:
        LearningError: nothing can be learned from them.
        RecordingError: an episode is damaged.
    """
    demos = gather(library, dataset, policy)
    sources = [tuple(source) for source in policy.config.data.get("episodes", ())]
    used = policy.config.data.get("used")
    known = set(sources if used is None else (sources[i] for i in used if i < len(sources)))
    recorded = len(demos.sources)
    chosen = [i for i in demos.used if i >= recorded or demos.sources[i] in known]
    return demos.only(chosen) if chosen else demos
