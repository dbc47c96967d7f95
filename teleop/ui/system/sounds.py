"""Short tones, off by default, for events that happen while the person watches the frame."""

import contextlib

import numpy as np
import pygame

_RATE = 22_050
_TONES = {  # (Hz, seconds), played one after another
    "start": ((660.0, 0.07),),
    "save": ((660.0, 0.06), (990.0, 0.09)),
    "discard": ((440.0, 0.06), (330.0, 0.09)),
    "take-over": ((880.0, 0.05),),
}
_LOUDNESS = 0.25


class Sounds:
    """Plays the tones; stays silent if there is no audio device."""

    def __init__(self) -> None:
        self._made: dict[str, pygame.mixer.Sound] = {}
        self._silent = False

    def play(self, name: str) -> None:
        """Play one of `start`, `save`, `discard`, `take-over`."""
        if self._silent:
            return
        try:
            if not pygame.mixer.get_init():
                pygame.mixer.init(_RATE, -16, 1, 256)
            if name not in self._made:
                self._made[name] = pygame.mixer.Sound(buffer=_wave(name).tobytes())
            self._made[name].play()
        except pygame.error:
            self._silent = True

    def close(self) -> None:
        """Release the audio device."""
        with contextlib.suppress(pygame.error):
            pygame.mixer.quit()


def _wave(name: str) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    parts = []
    for pitch, seconds in _TONES[name]:
        times = np.arange(round(_RATE * seconds)) / _RATE
        fade = np.minimum(1.0, np.minimum(times, seconds - times) / 0.01)
        parts.append(np.sin(2 * np.pi * pitch * times) * fade)
    return (np.concatenate(parts) * _LOUDNESS * 32767).astype(np.int16)
