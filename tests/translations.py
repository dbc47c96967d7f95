"""The catalogues, brought up to date with the code: `python -m tests.translations`.

New messages come into every `assets/languages/*/LC_MESSAGES/teleop.po` without a translation, those
that the code no longer has go, and each catalogue is compiled. It ends with what is untranslated.
"""

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from teleop.paths import assets_folder
from teleop.translation import LANGUAGES

ROOT = Path(__file__).parents[1]
CODES = [code for code in LANGUAGES if code != "en"]
Id = str | tuple[str, ...]
_HEADER = """msgid ""
msgstr ""
"Language: {}\\n"
"Plural-Forms: {}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def messages_in_code() -> set[Id]:
    """Every message of `tr` and `ntr`; one with a plural as a pair."""
    found = extract_from_dir(
        ROOT / "teleop", [("**.py", "python")], keywords={"tr": None, "ntr": (1, 2)}
    )
    return {message for _, _, message, _, _ in found}


def catalogue_file(code: str) -> Path:
    """What a translator edits."""
    return assets_folder() / "languages" / code / "LC_MESSAGES" / "teleop.po"


def read_catalogue(code: str) -> Catalog:
    """A language's catalogue."""
    with catalogue_file(code).open("rb") as file:
        catalogue = read_po(file, locale=code)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return catalogue  # the same file gives the same bytes


def compiled(catalogue: Catalog) -> bytes:
    """What the window reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> None:
    """Bring all of them up to date."""
    wanted = Catalog(charset="utf-8")
    for message in sorted(messages_in_code(), key=str):
        wanted.add(message)
    for code in CODES:
        path, catalogue = catalogue_file(code), read_catalogue(code)
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        body = io.BytesIO()
        write_po(body, catalogue, width=100, sort_output=True, omit_header=True)
        path.write_bytes(_HEADER.format(code, catalogue.plural_forms).encode() + body.getvalue())
        path.with_suffix(".mo").write_bytes(compiled(read_catalogue(code)))
        for entry in catalogue:
            if entry.id and not all(parts_of(entry.string)):
                print(f"{code}: {entry.id!r} is not translated")  # noqa: T201


def parts_of(said: object) -> tuple[str, ...]:
    """A message or its translation: several where there is a plural."""
    return tuple(said) if isinstance(said, tuple | list) else (str(said or ""),)


if __name__ == "__main__":
    main()
