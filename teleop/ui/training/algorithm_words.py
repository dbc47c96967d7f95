"""What the algorithms are called in the window."""

from teleop.text import tr

# recipe in `learning.recipes`: (name, what it does)
RECIPE_WORDS = {
    "bc": (tr("Behavioural cloning"), tr("Imitates your actions")),
    "frames": (
        tr("Cloning with 4-frame history"),
        tr("Also sees the last observations, if that helps"),
    ),
    "memory": (tr("Cloning with a memory"), tr("Remembers what it saw, if that helps")),
    "chunk": (
        tr("Cloning with 8-step action chunks"),
        tr("Plans several actions ahead, if that helps"),
    ),
    "average": (tr("Cloning: average"), tr("Predicts the mean of your actions")),
    "choose": (tr("Cloning: choose"), tr("Chooses the most likely of a few levels")),
    "flow": (tr("Cloning by flow matching"), tr("Draws one of several right actions")),
    "nearest": (tr("Nearest neighbour"), tr("Copies your action in the most similar situation")),
    "dagger": ("DAgger", tr("Drives, asks the scripted expert, retrains")),
    "practise": (
        tr("Practise (reinforcement learning)"),
        tr("Starts from a clone, and improves by the reward"),
    ),
    "iq": (tr("Inverse soft Q (inverse RL)"), tr("Learns your goal (takes minutes)")),
    "gail": (tr("GAIL (inverse RL)"), tr("Learns to look like you (takes a minute)")),
    "airl": (tr("AIRL (inverse RL)"), tr("Learns your goal apart from your way to it")),
    "maxent": (tr("Maximum-entropy inverse RL"), tr("Learns your goal, and plans to it")),
}
