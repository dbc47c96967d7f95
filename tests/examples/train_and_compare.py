"""Train on the best demonstrations, score the policy, and film it beside one of them."""

import teleop


def main() -> teleop.Comparison:
    """From recordings to a film."""
    data = teleop.record("CartPole-v1", "expert", episodes=5)
    policy = teleop.train(data.filter(min_return=100), teleop.BC(seed=0, steps=300))
    score = teleop.evaluate(policy, episodes=10)
    print(score)
    policy.save("my-policy")
    comparison = teleop.compare(data[0], teleop.load_policy("my-policy"))
    comparison.save("compare.gif")
    return comparison


if __name__ == "__main__":
    print(main())
