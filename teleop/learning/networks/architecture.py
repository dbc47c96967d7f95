"""The shape of a policy's network: what it remembers, how far it plans, how wide it is."""

from dataclasses import dataclass

from teleop.text import joined, tr


@dataclass(frozen=True, slots=True)
class Architecture:
    """How a network is built; the defaults suit keyboard demonstrations.

    Attributes:
        hidden: widths of the hidden layers.
        frames: observations that it sees at once, the present one last.
        stride: steps between them.
        memory: units of a gated recurrent unit; 0 for none.
        chunk: actions that it plans at once (Zhao et al. 2023); 1 plans none ahead.
        execute: of those, how many are played before it plans anew.
        flow: numbers are drawn by flow matching (Lipman et al. 2023), not by regression.
    """

    hidden: tuple[int, ...] = (64, 64)
    frames: int = 1
    stride: int = 3
    memory: int = 0
    chunk: int = 1
    execute: int = 1
    flow: bool = False

    @property
    def looks_back(self) -> bool:
        """It needs more than the present observation."""
        return self.frames > 1 or self.memory > 0 or self.chunk > 1

    def words(self) -> str:
        """What is unusual about it."""
        said = []
        if self.hidden != Architecture().hidden:
            widths = ", ".join(str(width) for width in dict.fromkeys(self.hidden))
            said.append(tr("{hidden} layers of {widths}", hidden=len(self.hidden), widths=widths))
        if self.frames > 1:
            said.append(
                tr(
                    "{frames} observations, {stride} steps apart",
                    frames=self.frames,
                    stride=self.stride,
                )
            )
        if self.memory:
            said.append(tr("a memory of {memory} units", memory=self.memory))
        if self.chunk > 1:
            said.append(
                tr(
                    "{chunk} actions planned, {execute} played",
                    chunk=self.chunk,
                    execute=self.execute,
                )
            )
        if self.flow:
            said.append(tr("flow matching"))
        return joined("; ", said) if said else tr("the present observation")
