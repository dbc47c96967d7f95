"""What the algorithms are called in the window, and what to know about each."""

from teleop.text import tr

# recipe in `learning.recipes`: (name, what it does)
RECIPE_WORDS = {
    "bc": (tr("Behavioural cloning"), tr("Imitates your actions")),
    "practise": (
        tr("Practise (RL)"),
        tr("Improves a clone by the reward"),
    ),
    "dagger": ("DAgger", tr("Drives, asks the scripted expert, retrains")),
    "iq": (tr("Inverse soft Q (inverse RL)"), tr("Learns your goal (takes minutes)")),
    "gail": (tr("GAIL (inverse RL)"), tr("Learns to look like you (takes a minute)")),
    "airl": (tr("AIRL (inverse RL)"), tr("Learns a reward that may hold after a change")),
    "maxent": (tr("Maximum-entropy inverse RL"), tr("Learns your goal, and plans to it")),
    "nearest": (tr("Nearest neighbour"), tr("Copies your action in the most similar situation")),
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
}


# family: what it assumes, what it needs, what it costs, when it beats cloning; source
PAGES = {
    "bc": (
        tr("Assumes that what you did is right, and that what it meets is like what you showed."),
        tr("Needs episodes alone; it plays only to choose settings, unless you switch that off."),
        tr("Costs seconds."),
        tr("Try it first. It fails off your path, because nothing showed it the way back."),
        "Pomerleau 1991",
    ),
    "history": (
        tr("Assumes that the right action depends on what came before."),
        tr("Needs more episodes than plain cloning."),
        tr("Costs seconds more, and is kept only if held-out episodes or playing get better."),
        tr("Beats plain cloning where something is hidden, such as speed; else it copies habits."),
        "de Haan, Jayaraman & Levine 2019; Wen et al. 2020",
    ),
    "chunk": (
        tr("Assumes that several actions in a row belong together."),
        tr("Needs no more than cloning."),
        tr("Costs reaction time: between two plans, it does not look."),
        tr("Beats plain cloning on slow, precise tasks with pauses."),
        "Zhao et al. 2023",
    ),
    "flow": (
        tr("Assumes that several actions can be right where their mean is wrong."),
        tr("Needs continuous actions."),
        tr("Costs more time for each decision."),
        tr("Beats the mean where people pass something on its left or its right; see Two Gates."),
        "Lipman et al. 2023; Chi et al. 2023",
    ),
    "nearest": (
        tr("Assumes that similar situations need the same action."),
        tr("Needs episodes alone."),
        tr("Costs no training, and memory for every step."),
        tr("Rarely beats a network. Where it does, distrust the network."),
        "Cover & Hart 1967",
    ),
    "dagger": (
        tr("Assumes an expert who knows the right action in every situation."),
        tr("Needs to play, and a scripted expert. With you as the expert, use Correct."),
        tr("Costs an answer for each step of the policy."),
        tr("Beats cloning where small errors lead to situations that no episode shows."),
        "Ross, Gordon & Bagnell 2011",
    ),
    "practise": (
        tr("Assumes that the reward says what is wanted."),
        tr("Needs to play many thousand steps, so a quick environment; the rl extra."),
        tr("Costs minutes. What you showed saves the time to find it by chance."),
        tr("Beats cloning where the reward is right. It may find ways that you do not want."),
        "Schulman et al. 2017; Ball et al. 2023",
    ),
    "iq": (
        tr("Assumes that you act nearly best for some reward, and finds such a reward."),
        tr("Needs to play, but no reward; the rl extra for continuous actions."),
        tr("Costs a minute or more."),
        tr("Beats cloning with very few episodes, because it learns to return to your path."),
        "Garg et al. 2021",
    ),
    "gail": (
        tr("Assumes that steps like yours are good, whatever their reason."),
        tr("Needs to play, but no reward; the rl extra."),
        tr("Costs half a minute or more."),
        tr("Beats cloning with one or two episodes. Its reward says what looks like you, not why."),
        "Ho & Ermon 2016",
    ),
    "airl": (
        tr("Assumes that a reward can be told apart from the way that leads to it."),
        tr("Needs to play, but no reward; the rl extra."),
        tr("Costs half a minute or more."),
        tr("Beats cloning with one or two episodes; its reward can still hold after a change."),
        "Fu, Luo & Levine 2018",
    ),
    "maxent": (
        tr("Assumes that better paths are more likely, and that the rest is chance."),
        tr("Needs an environment with a table of its transitions."),
        tr("Costs seconds."),
        tr("Beats cloning after a change: it plans a new way to the same goal. See Treasure Grid."),
        "Ziebart et al. 2008; Ziebart 2010",
    ),
}
_FAMILIES = {"frames": "history", "memory": "history", "average": "bc", "choose": "bc"}


def page_of(recipe: str) -> tuple[str, ...]:
    """Return the sentences about a recipe, and then its source."""
    return PAGES[_FAMILIES.get(recipe, recipe)]
