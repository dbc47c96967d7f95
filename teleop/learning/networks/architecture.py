"""The architecture of a policy's network: memory, planning and layer widths."""

from dataclasses import dataclass

from teleop.text import joined, tr


@dataclass(frozen=True, slots=True)
class Architecture:
    """The architecture of a network; the defaults suit keyboard demonstrations.

    Attributes:
        hidden: widths of the hidden layers.
        frames: number of observations that the network sees at once, the current one last.
        stride: steps between these observations.
        memory: units of a gated recurrent unit; 0 for none.
        chunk: number of actions planned at once (Zhao et al. 2023); 1 for no planning ahead.
        execute: number of planned actions that are played before the network plans again.
        flow: generate numbers by flow matching (Lipman et al. 2023) instead of regression.
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
        """Whether the network uses more than one step: history, memory or planned actions."""
        return self.frames > 1 or self.memory > 0 or self.chunk > 1

    def words(self) -> str:
        """Describe how the architecture differs from the default."""
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
        return joined("; ", said) if said else tr("the current observation")
