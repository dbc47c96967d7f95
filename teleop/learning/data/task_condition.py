"""The task of an episode as an input: one policy for several tasks.

With `one-hot`, each task of the demonstrations has an input of its own; with `tokens`, each word of
the tasks has one, so that other sentences of these words can be asked for.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.inputs import TASK_KINDS, Inputs, TaskInputs


def conditioned(demos: Demonstrations, kind: str) -> Demonstrations:
    """Return demonstrations whose inputs hold the task of each episode.

    Args:
        demos: the demonstrations.
        kind: `one-hot` or `tokens`.

    Raises:
        LearningError: the kind is unknown, or the episodes do not differ in their tasks.
    """
    if kind not in TASK_KINDS:
        raise LearningError(f"condition is {kind}; it is one of: {', '.join(TASK_KINDS)}.")
    tasks = [*demos.tasks, *[""] * (demos.count - len(demos.tasks))]
    told = Counter(tasks[index] for index in demos.used if tasks[index])
    if len(told) < 2:
        raise LearningError(
            "All episodes have the same task or none, so there are no tasks to tell apart. Say "
            f"what is done in them: teleop label {demos.dataset_id} NUMBERS --task TEXT"
        )
    task_inputs = TaskInputs(kind, tuple(task for task, _ in told.most_common()))
    rows = np.stack([task_inputs.row(task) for task in tasks])
    extra = np.repeat(rows, np.diff(demos.starts), axis=0)
    vector = np.concatenate([demos.inputs.vector, extra], axis=1)
    encoding = demos.encoding.with_tasks(task_inputs)
    return replace(demos, inputs=Inputs(vector, demos.inputs.pictures), encoding=encoding)
