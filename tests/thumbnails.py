"""Pictures of the environments for the gallery: `python -m tests.thumbnails` draws them anew."""

from PIL import Image

from teleop import paths
from teleop.envs.catalogue import CATALOGUE
from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import draw

SIZE = (288, 192)
_STEPS = {"CarRacing-v3": 60, "BipedalWalker-v3": 12}


def main() -> None:
    """Draw each after a few steps, cut to one shape."""
    folder = paths.assets_folder() / "environments"
    folder.mkdir(exist_ok=True)
    for entry in CATALOGUE:
        env = make_env(entry.env_id)
        env.reset(seed=3)
        env.action_space.seed(3)
        for _ in range(_STEPS.get(entry.env_id, 8)):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                break
        picture = Image.fromarray(draw(env))
        close_env(env)
        width, height = picture.size
        wide = min(width, round(height * SIZE[0] / SIZE[1]))
        high = min(height, round(width * SIZE[1] / SIZE[0]))
        left, top = (width - wide) // 2, (height - high) // 2
        cut = picture.crop((left, top, left + wide, top + high)).resize(
            SIZE, Image.Resampling.LANCZOS
        )
        cut.quantize(64).save(folder / f"{entry.env_id.rpartition('/')[2]}.png", optimize=True)


if __name__ == "__main__":
    main()
