"""A network of your own: any `torch.nn.Module` that takes (inputs, outputs)."""

import torch
from torch import nn

import teleop


class Small(nn.Module):
    """One hidden layer of 32."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 32), nn.Tanh(), nn.Linear(32, outputs))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """(batch, inputs) numbers to (batch, outputs) scores."""
        found: torch.Tensor = self.layers(numbers)
        return found


def main() -> teleop.Score:
    """Clone with it."""
    data = teleop.record("CartPole-v1", "expert", episodes=3)
    config = teleop.BC(network="tests.examples.own_network:Small", steps=300)
    return teleop.evaluate(teleop.train(data, config), episodes=5)


if __name__ == "__main__":
    print(main())
