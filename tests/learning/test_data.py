"""What the demonstrations are, in words; what is learned from, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from teleop.api.policies import iter_record
from teleop.envs.factory import make_env
from teleop.errors import LearningError
from teleop.evaluation.scoring import score
from teleop.evaluation.success import Result
from teleop.experts import Watcher, make_expert, make_human_like
from teleop.learning.algorithms import bc
from teleop.learning.analysis.advice import advice
from teleop.learning.analysis.curve import counts_for, iter_curve
from teleop.learning.analysis.influence import Influence, iter_influence
from teleop.learning.data import long_arrays
from teleop.learning.data.demonstrations import (
    Demonstrations,
    demonstrations_of,
    load_demonstrations,
)
from teleop.learning.data.profile import profile_of
from teleop.learning.networks.ensemble import TunedSettings
from teleop.learning.progress import check_teaches
from teleop.learning.tuning.lag_search import best_lag, iter_lags
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.take_over import TakeOver
from teleop.types import Actor
from teleop.types.results import Trait

Record = Callable[..., Dataset]
LANDER = "LunarLander-v3"


def traits(demos: Demonstrations, guesses: Any = ()) -> dict[str, Trait]:
    return {trait.topic: trait for trait in profile_of(demos, guesses)}


def by_hand(actions: Any, observations: Any = None, space: Any = None) -> Demonstrations:
    done = np.asarray(actions)
    seen = np.random.default_rng(0).normal(size=(len(done), 3)) if observations is None else None
    return demonstrations_of(seen if seen is not None else observations, done, space)


# ---------------------------------------------------------------- profile


def test_the_reaction_time_of_the_human_like_model_is_found(record: Record) -> None:
    demos = load_demonstrations(record(LANDER, 25))
    guesses = list(iter_lags(demos, 0))
    assert abs(best_lag(demos, guesses) - 3) <= 1
    milliseconds = round(1000 * best_lag(demos, guesses) / demos.pace_hz)
    assert f"about {milliseconds} ms" in traits(demos, guesses)["Reaction time"].found


def test_few_episodes_take_the_usual_reaction_time_and_say_so(record: Record) -> None:
    trait = traits(load_demonstrations(record(LANDER, 2)))["Reaction time"]
    assert trait.found == "typically 100 ms"
    assert "too few episodes" in trait.done


def test_keys_and_sticks_are_told_apart(record: Record) -> None:
    keys = load_demonstrations(record("LunarLanderContinuous-v3", 1))
    assert traits(keys)["Actions"].found == "keys: 3, 3 levels"
    stick = by_hand(np.random.default_rng(1).uniform(-1, 1, (50, 2)))
    assert traits(stick)["Actions"].found == "analog on 2 of 2"


def test_idling_one_action_and_what_was_never_done_are_named() -> None:
    idle = by_hand(np.array([[0.0]] * 90 + [[1.0]] * 10), space=spaces.Box(-1, 1, (1,)))
    assert traits(idle)["Idle"].warns
    one = by_hand(np.array([0] * 98 + [1, 1]), space=spaces.Discrete(4))
    found = traits(one)
    assert found["Most frequent action"].warns
    assert found["Never done"].found == "Action 2, Action 3"


def test_opposite_actions_in_near_equal_moments_are_counted() -> None:
    seen = np.repeat(np.linspace(-3, 3, 30), 40)[np.random.default_rng(0).permutation(1200)]
    actions = np.random.default_rng(1).integers(1, 3, 1200)
    muddled = traits(demonstrations_of(seen[:, None], actions))["Contradictions"]
    clear = traits(demonstrations_of(seen[:, None], (seen > 0).astype(int) + 1))["Contradictions"]
    assert muddled.warns
    assert not clear.warns


def test_the_same_done_twice_is_noticed(record: Record) -> None:
    record("CartPole-v1", 2)
    dataset = record("CartPole-v1", 2)  # the same seeds again
    trait = traits(load_demonstrations(dataset))["Near-duplicates"]
    assert trait.warns
    assert "1 and 3" in trait.found


class Waits:
    """Does nothing for 50 steps, then uses the main engine now and then."""

    actor = Actor.SCRIPT
    name = "waits"

    def reset(self, seed: int) -> None:
        del seed
        self._steps = 0

    def act(self, observation: Any) -> Any:
        del observation
        self._steps += 1
        return np.int64(2 if self._steps > 50 and self._steps % 2 else 0)


def test_waiting_before_the_first_action_is_left_out(library: Library) -> None:
    env = make_env(LANDER, render=False)
    dataset = library.open_for_writing("lander/waits-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: make_env(LANDER, render=False), Waits(), seeds_from(3), recorder)
    list(record_episodes(session, recorder, 1))
    session.close()
    dataset.writer.release()
    demos = load_demonstrations(dataset)
    assert demos.pairs(0)[0].tolist() == [20, 20]  # 50 steps waited, one second of 30 kept
    assert len(demos.pairs(0)) == demos.total_steps - 20


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([0], "One step is too little"),
        ([1] * 50, "nothing to learn"),
    ],
)
def test_what_cannot_teach_is_one_sentence(actions: list[int], words: str) -> None:
    with pytest.raises(LearningError, match=words):
        check_teaches(by_hand(np.array(actions)))


def test_numbers_that_are_none_are_one_sentence() -> None:
    seen = np.zeros((5, 2))
    seen[3, 1] = np.nan
    with pytest.raises(LearningError, match=r"not numbers .*Delete it"):
        demonstrations_of(seen, np.arange(5))


def test_rows_that_do_not_belong_together_are_one_sentence() -> None:
    with pytest.raises(LearningError, match="4 observations and 5 actions"):
        demonstrations_of(np.zeros((4, 2)), np.arange(5))


def test_text_actions_are_one_sentence() -> None:
    from teleop.learning.data.inputs import why_not

    assert "Text actions" in why_not(spaces.Box(-1, 1, (2,)), spaces.Text(5))
    assert why_not(spaces.Text(5), spaces.Discrete(2)) == ""  # texts that vary are learned from
    assert (
        why_not(spaces.Dict({"a": spaces.Text(3), "b": spaces.Discrete(3)}), spaces.Discrete(2))
        == ""
    )


# ---------------------------------------------------------------- take-overs


def test_only_what_the_person_drove_is_learned_from(record: Record, library: Library) -> None:
    dataset = record(LANDER, 3)
    policy = bc.clone(
        load_demonstrations(dataset), bc.Config(members=1, steps=100, lag_steps=3, budget_s=0)
    )
    env = make_env(LANDER, render=False)
    person = make_human_like(make_expert(LANDER), LANDER, env.action_space)
    own = library.open_for_writing("lander/watched-v0", dataset_info(env))
    own.writer.claim()
    recorder = Recorder(own, env)
    session = Session(
        lambda: make_env(LANDER, render=False),
        TakeOver(policy, person, Watcher(30.0)),
        seeds_from(7),
        recorder,
    )
    list(record_episodes(session, recorder, 2))
    session.close()
    own.writer.release()
    demos = load_demonstrations(own)
    episodes = [own.read(row) for row in own.rows()]
    actors = np.concatenate([episode.actors[1:] for episode in episodes])
    assert set(actors.tolist()) == {Actor.POLICY, Actor.SCRIPT}
    assert ((demos.segments >= 0) == (actors == Actor.SCRIPT)).all()
    for seen, done in demos.pairs(3):
        assert demos.segments[seen] == demos.segments[done]  # never across a take-over
    proposals = np.concatenate([e.infos["policy_proposal"][1:].ravel() for e in episodes])
    driven = actors == Actor.POLICY
    assert (proposals[driven] == demos.flat[driven, 0]).all()
    assert "a policy drove" in traits(demos)["Not learned from"].means


# ---------------------------------------------------------------- size


def test_large_data_in_a_mapped_file_gives_the_same_policy(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = record("CartPole-v1", 3)
    config = bc.Config(members=1, steps=60, lag_steps=2, budget_s=0)
    small = bc.clone(load_demonstrations(dataset), config)
    monkeypatch.setattr(long_arrays, "LARGEST_IN_MEMORY", 100)
    demos = load_demonstrations(dataset)
    assert isinstance(demos.inputs.vector, np.memmap)
    large = bc.clone(demos, config)
    for (name, one), (_, two) in zip(small.model.tensors(), large.model.tensors(), strict=True):
        assert np.array_equal(one, two), name


# ---------------------------------------------------------------- studies


def test_the_learning_curve_rises_and_says_how_sure(record: Record) -> None:
    assert counts_for(12) == [1, 2, 5, 10, 12]
    demos = load_demonstrations(record("CartPole-v1", 5))
    points = list(iter_curve(demos, TunedSettings(2, 300, 1), episodes=4))
    assert [point.demonstrations for point in points] == [1, 2, 5]
    assert points[-1].mean > 300
    assert all(point.low <= point.mean <= point.high for point in points)


def test_a_demonstration_of_the_opposite_hurts(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 3))
    worst = demos.with_labels(demos.inputs[demos.episode(2)], 1 - demos.flat[demos.episode(2)], 0.0)
    worst = worst.with_labels(worst.inputs[worst.episode(1)], 1 - worst.flat[worst.episode(1)], 0.0)
    found = list(iter_influence(worst, TunedSettings(2, 200, 1), episodes=6))
    assert len(found) == 5
    kept, spoiled = [item.effect for item in found[:3]], [item.effect for item in found[3:]]
    assert max(spoiled) < max(kept)
    assert {item.verdict for item in found} <= {"helps", "hurts", "cannot tell"}


def test_advice_names_starts_episodes_and_traits() -> None:
    played = [Result(seed, 1.0, 5) for seed in range(20)]
    said = advice(
        traits=[Trait("Idle", "90%", "…", "act more", warns=True)],
        scores=[score("", "random", played[:1]), score("", "policy", played)],
        failed=[50_003, 50_007],
        influences=[Influence(4, -80.0, 10.0), Influence(5, 3.0, 10.0)],
    )
    assert "fails in 2 of 20 test episodes" in said[0]
    assert "50003, 50007" in said[0]
    assert "episode 4" in said[1]
    assert said[2] == "Idle: act more."
    assert advice() == ("No problems found. Recording rare situations may still help.",)


def test_dagger_and_inverse_rl_say_what_they_cannot(library: Library) -> None:
    from teleop.learning.algorithms import dagger, iq
    from tests.harness.toys import record_toy

    toy = load_demonstrations(record_toy(library, "multi-binary", 1))
    with pytest.raises(LearningError, match="Discrete or Box actions"):
        next(iter(iq.train(toy)))
    with pytest.raises(LearningError, match="no scripted expert"):
        next(iter(dagger.train(toy)))


def test_dagger_asks_the_expert_and_gets_there(record: Record) -> None:
    from teleop.evaluation.scoring import evaluate
    from teleop.learning.algorithms import dagger

    demos = load_demonstrations(record("MountainCar-v0", 1, 3))
    config = dagger.Config(rounds=2, episodes=2, members=1, steps=300)
    progress = list(dagger.train(demos, config))
    policies = [p.policy for p in progress if p.policy]
    assert len(policies) == 3
    assert sum(len(p.returns) for p in progress) == 4
    assert "cloning 5 episodes" in progress[-1].phase
    played = evaluate("MountainCar-v0", policies[-1], 5)
    assert np.mean([r.total_reward for r in played]) > -160


@pytest.mark.slow
def test_inverse_rl_balances_the_pole_from_one_demonstration(library: Library) -> None:
    from teleop.evaluation.scoring import evaluate
    from teleop.learning.algorithms import iq
    from teleop.learning.rewards.learned_reward import load_reward

    list(iter_record(library, "CartPole-v1", "expert", 1, dataset_id="cartpole/exact-v0", seed=0))
    demos = load_demonstrations(library.dataset("cartpole/exact-v0"))
    policies = [p.policy for p in iq.train(demos, iq.Config(steps=6000)) if p.policy]
    told = policies[-1].config.learned["played_mean"]
    again = [r.total_reward for r in evaluate("CartPole-v1", policies[-1], 20, first_seed=30_000)]
    assert abs(told - np.mean(again)) < 3 * np.std(again) / np.sqrt(20) + 40  # what is saved
    played = np.mean([r.total_reward for r in evaluate("CartPole-v1", policies[-1], 5)])
    assert played > 150
    episode = library.dataset("cartpole/exact-v0").read(
        library.dataset("cartpole/exact-v0").rows()[0]
    )
    policies[-1].save(library.root / "policy")
    found = load_reward(library.root / "policy")
    assert found is not None
    reward = found.along(episode.observations, episode.actions, terminated=False)
    wrong = found.along(episode.observations, 1 - episode.actions, terminated=False)
    assert reward.shape == (len(episode.rewards),)
    assert reward.mean() > wrong.mean()


def test_a_reaction_time_shifts_what_a_person_did_and_never_what_a_script_did(
    record: Record,
) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    by_person = replace(demos, late=np.ones_like(demos.late)).pairs(3)
    by_script = replace(demos, late=np.zeros_like(demos.late)).pairs(3)
    assert (by_person[:, 1] - by_person[:, 0]).tolist() == [3] * len(by_person)
    assert (by_script[:, 1] - by_script[:, 0]).tolist() == [0] * len(by_script)
    assert len(by_script) == len(by_person) + 2 * 3
