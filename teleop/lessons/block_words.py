"""What the kinds of blocks are called."""

from teleop.text import tr

KIND_WORDS = {"predict": tr("Predict"), "do": tr("Do"), "see": tr("See"), "say": tr("Say")}
