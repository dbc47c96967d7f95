"""Models of a reward: networks, a soft Q, or a table of an environment whose states are counted.

The inputs of a network are the normalised observation, 1 in the absorbing state (else 0), and the
action with choices as one-hot numbers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.inputs import Rows
from teleop.learning.networks.numpy_network import Array, Network, network_from

# (observations (B, F), actions (B, A), next observations (B, F), terminated (B,)) -> rewards (B,)
RewardFunction = Callable[
    [NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]],
    NDArray[np.float64],
]


class RewardModel(Protocol):
    """A model that returns the reward of steps."""

    kind: str

    def rewards(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of each step: (B,)."""

    def absorbed(self) -> float:
        """Return the reward of a step in the absorbing state; 0 if the model knows none."""

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield every array with its name."""

    def settings(self) -> dict[str, Any]:
        """Return the numbers of the model, as JSON-able data."""

    def check(self, features: int) -> None:
        """Check that the numbers make sense.

        Args:
            features: inputs of an observation.

        Raises:
            ValueError: one does not.
        """


@dataclass(frozen=True, slots=True)
class NetworkReward:
    """The mean of networks of the observation and the action: (f(s, a) - offset) / scale.

    Attributes:
        networks: at least one network with one output.
        offset: subtracted.
        scale: divides; above 0.
        absorbing: index of the input that marks the absorbing state; -1 if it was never used.
    """

    networks: tuple[Network, ...]
    offset: float = 0.0
    scale: float = 1.0
    absorbing: int = -1

    kind = "network"

    def rewards(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of each step; where it leads does not matter."""
        del following, terminated
        found: NDArray[np.float64] = (self.each(seen, acts).mean(axis=0) - self.offset) / self.scale
        return found

    def each(self, seen: Rows, acts: Rows) -> NDArray[np.float64]:
        """Return the output of each network: (networks, B)."""
        inputs = np.concatenate([not_absorbed(seen), acts], axis=1)
        return np.stack([net.outputs(inputs)[:, 0] for net in self.networks]).astype(np.float64)

    def absorbed(self) -> float:
        """Return the reward of a step in the absorbing state."""
        if self.absorbing < 0:
            return 0.0
        width = self.networks[0].trunk[0].weight.shape[1]
        inputs = np.zeros((1, width), np.float32)
        inputs[0, self.absorbing] = 1.0
        found = np.mean([float(net.outputs(inputs)[0, 0]) for net in self.networks])
        return float(found - self.offset) / self.scale

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays of every network with their names."""
        return _named(self.networks)

    def settings(self) -> dict[str, Any]:
        """Return the numbers of the model."""
        return {"offset": self.offset, "scale": self.scale, "absorbing": self.absorbing}

    def check(self, features: int) -> None:
        """Check the scale and the place of the absorbing input."""
        if not self.scale > 0 or self.absorbing not in (-1, features):
            raise ValueError("the scale or the absorbing input is wrong")


@dataclass(frozen=True, slots=True)
class SoftQReward:
    """Q(s, a) - gamma V(s') with V(s) = T log sum_a exp(Q(s, a) / T) (Garg et al. 2021, eq. 8).

    Attributes:
        network: Q of each choice, from the observation and the absorbing input.
        gamma: discount.
        temperature: T.
    """

    network: Network
    gamma: float
    temperature: float

    kind = "soft_q"

    def rewards(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of each step."""
        q = self.network.outputs(not_absorbed(seen)).astype(np.float64)
        after = not_absorbed(following)
        after[terminated] = 0.0
        after[terminated, -1] = 1.0
        ahead = self.network.outputs(after).astype(np.float64)
        found: NDArray[np.float64] = (q * acts).sum(axis=1) - self.gamma * self._value(ahead)
        return found

    def absorbed(self) -> float:
        """Return the mean reward of all actions in the absorbing state."""
        inputs = np.zeros((1, self.network.trunk[0].weight.shape[1]), np.float32)
        inputs[0, -1] = 1.0
        q = self.network.outputs(inputs).astype(np.float64)
        return float(q.mean() - self.gamma * self._value(q)[0])

    def _value(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        peak = q.max(axis=1)
        rest = np.exp((q - peak[:, None]) / self.temperature).sum(axis=1)
        value: NDArray[np.float64] = peak + self.temperature * np.log(rest)
        return value

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays of the network with their names."""
        return _named((self.network,))

    def settings(self) -> dict[str, Any]:
        """Return the numbers of the model."""
        return {"gamma": self.gamma, "temperature": self.temperature}

    def check(self, features: int) -> None:
        """Check the discount and the temperature."""
        del features
        if not (0 <= self.gamma < 1 and self.temperature > 0):
            raise ValueError("the discount or the temperature is wrong")


@dataclass(frozen=True, slots=True)
class ActorQReward:
    """Q(s, a) - gamma Q(s', pi(s')) for continuous actions, with the mean of two Q.

    V(s') is Q of the action that the actor would take; its entropy is left out.

    Attributes:
        actor: action of an observation, before tanh.
        critics: Q of the observation, the absorbing input and the action.
        gamma: discount.
    """

    actor: Network
    critics: tuple[Network, ...]
    gamma: float

    kind = "actor_q"

    def rewards(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of each step."""
        after = not_absorbed(following)
        after[terminated] = 0.0
        after[terminated, -1] = 1.0
        ahead = self._q(after, np.tanh(self.actor.outputs(following)))
        found: NDArray[np.float64] = self._q(not_absorbed(seen), acts) - self.gamma * ahead
        return found

    def absorbed(self) -> float:
        """Return the reward of no action in the absorbing state."""
        seen = np.zeros((1, self.actor.trunk[0].weight.shape[1] + 1), np.float32)
        seen[0, -1] = 1.0
        acts = np.zeros((1, len(self.actor.trunk[-1].bias)), np.float32)
        return float(self._q(seen, acts)[0]) * (1 - self.gamma)

    def _q(self, seen: Rows, acts: Rows) -> NDArray[np.float64]:
        inputs = np.concatenate([seen, acts], axis=1)
        each = np.stack([critic.outputs(inputs)[:, 0] for critic in self.critics])
        mean: NDArray[np.float64] = each.mean(axis=0, dtype=np.float64)
        return mean

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays of the networks with their names, the actor's first."""
        return _named((self.actor, *self.critics))

    def settings(self) -> dict[str, Any]:
        """Return the numbers of the model."""
        return {"gamma": self.gamma}

    def check(self, features: int) -> None:
        """Check the discount."""
        del features
        if not 0 <= self.gamma < 1:
            raise ValueError("the discount is wrong")


@dataclass(frozen=True, slots=True)
class TableReward:
    """The reward of arriving in a state, of ending there, and of each action.

    Attributes:
        known: (S, features) normalised inputs of each state.
        arriving: (S,) reward of arriving in it.
        acting: (A,) reward of each action.
        ending: reward of a step that ends the episode.
    """

    known: Rows
    arriving: NDArray[np.float64]
    acting: NDArray[np.float64]
    ending: float

    kind = "table"

    def rewards(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of each step."""
        del seen
        places = {row.tobytes(): state for state, row in enumerate(self.known)}
        states = [places.get(row.tobytes(), 0) for row in np.ascontiguousarray(following)]
        found: NDArray[np.float64] = self.arriving[states] + acts @ self.acting
        return found + self.ending * terminated

    def absorbed(self) -> float:
        """Return 0: the end of an episode has a reward of its own."""
        return 0.0

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays with their names."""
        yield "known", self.known
        yield "arriving", self.arriving
        yield "acting", self.acting

    def settings(self) -> dict[str, Any]:
        """Return the numbers of the model."""
        return {"ending": self.ending}

    def check(self, features: int) -> None:
        """Check that each state has a reward."""
        if self.known.shape != (len(self.arriving), features) or not np.isfinite(self.ending):
            raise ValueError("the table does not fit the states")


def not_absorbed(seen: Rows) -> Rows:
    """Add the absorbing input, which is 0 in every state of the environment: (B, features + 1)."""
    return np.concatenate([seen, np.zeros((len(seen), 1), np.float32)], axis=1)


def model_from(kind: str, tensors: Mapping[str, Any], settings: Mapping[str, Any]) -> RewardModel:
    """Build the model of a reward's folder.

    Raises:
        KeyError: an array or a number is missing.
        ValueError: the kind is unknown.
    """
    if kind == "network":
        offset, scale = float(settings["offset"]), float(settings["scale"])
        return NetworkReward(_networks(tensors), offset, scale, int(settings["absorbing"]))
    if kind == "soft_q":
        gamma, temperature = float(settings["gamma"]), float(settings["temperature"])
        return SoftQReward(_networks(tensors)[0], gamma, temperature)
    if kind == "actor_q":
        actor, *critics = _networks(tensors)
        return ActorQReward(actor, tuple(critics), float(settings["gamma"]))
    if kind == "table":
        known, arriving, acting = (tensors[name] for name in ("known", "arriving", "acting"))
        return TableReward(known, arriving, acting, float(settings["ending"]))
    raise ValueError(f"{kind!r} is no kind of reward")


def _named(networks: tuple[Network, ...]) -> Iterator[tuple[str, Array]]:
    for member, network in enumerate(networks):
        for name, array in network.tensors():
            yield f"member{member}.{name}", array


def _networks(tensors: Mapping[str, Any]) -> tuple[Network, ...]:
    found: list[Network] = []
    while f"member{len(found)}.0.weight" in tensors:
        prefix = f"member{len(found)}."
        own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        found.append(network_from(own))
    if not found:
        raise KeyError("member0.0.weight")
    return tuple(found)
