"""Record any loop of your own: wrap the environment, then play as usual."""

import gymnasium as gym

import teleop


def main() -> teleop.EpisodeDataset:
    """Three episodes of a rule, saved as they end."""
    env = teleop.RecordEpisodes(gym.make("CartPole-v1"), "cartpole-v1/rule-v0", name="rule")
    for seed in range(3):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            action = int(observation[2] + 0.3 * observation[3] > 0)
            observation, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
    env.close()
    return teleop.load_dataset("cartpole-v1/rule-v0")


if __name__ == "__main__":
    print(main())
