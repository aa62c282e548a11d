"""`python3 packaging/messages.py`: write the template of all texts that a user sees, and compile the translations.

The template is `editor/locale/kintsugi.pot`. A translation of it is saved as `editor/locale/LANGUAGE.po`; compiled it
is `editor/locale/LANGUAGE/LC_MESSAGES/kintsugi.mo`, which the program reads. Formats as in the manual of GNU gettext,
"The Format of PO Files" and "The Format of GNU MO Files".
"""

import ast
import string
import struct
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCALE = CHECKOUT / "editor" / "locale"
TEMPLATE = LOCALE / "kintsugi.pot"

# The texts in these arguments, by position or name; whoever shows a declaration translates it.
ARGUMENTS = {
    "_": ((0, "text"),),
    "N_": ((0, "text"),),
    "Doc": ((0, "label"), (1, "help")),
    "Range": ((3, "unit"), (4, "lowest")),
    "Plugin": ((2, "title"), (3, "summary")),
}
# Where the results of methods have the facts for the user.
REPORTS = {"Result": 1, "MaskResult": 1, "PictureResult": 3}

Message = tuple[str, str]
"""A text and its plural, which is empty where there is none."""

HEAD = r"""# The texts of Kintsugi, written by packaging/messages.py.
msgid ""
msgstr ""
"Project-Id-Version: Kintsugi\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\n"
"""


def collect(checkout: Path = CHECKOUT) -> dict[Message, list[str]]:
    """The texts in the sources and the files that each is in, in the order of the template."""
    found: dict[Message, list[str]] = {}
    paths = (path for room in ("editor", "plugins") for path in (checkout / room).rglob("*.py"))
    for path in sorted(paths, key=Path.as_posix):
        name = path.relative_to(checkout).as_posix()
        for message in sorted(set(_in_source(path.read_text("utf-8"))) - {("", "")}):
            found.setdefault(message, []).append(name)
    for path in sorted((checkout / "models").glob("*.toml")):
        manifest = tomllib.loads(path.read_text("utf-8"))
        for text in sorted({manifest["title"], manifest["summary"]}):
            found.setdefault((text, ""), []).append(path.relative_to(checkout).as_posix())
    return found


def template(messages: Mapping[Message, list[str]]) -> str:
    """The text of the template. It names files but no lines, so that it changes only with the texts."""
    entries = [HEAD]
    for (text, plural), files in messages.items():
        lines = [f"#: {file}" for file in files]
        lines += ["#, python-brace-format"] if "{" in text else []
        lines.append(f"msgid {_quoted(text)}")
        lines += [f"msgid_plural {_quoted(plural)}", 'msgstr[0] ""', 'msgstr[1] ""'] if plural else ['msgstr ""']
        entries.append("\n".join(lines) + "\n")
    return "\n".join(entries)


def read_po(text: str) -> dict[Message, list[str]]:
    """The translated entries of a .po file, one form or several; the header is the entry without a text.

    Raises:
        ValueError: a line is not one of a .po file, or a translation has other placeholders than its text.
    """
    translated: dict[Message, list[str]] = {}
    for block in text.replace("\r\n", "\n").split("\n\n"):
        parts: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if not line.startswith('"'):
                keyword, _space, line = line.partition(" ")
            if not keyword.startswith(("msgid", "msgstr")) or not line.startswith('"'):
                raise ValueError(f"not understood: {line}")
            parts[keyword] = parts.get(keyword, "") + str(ast.literal_eval(line))
        forms = [form for name, form in parts.items() if name.startswith("msgstr")]
        if not all(forms) or not forms or any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines()):
            continue
        message = parts["msgid"], parts.get("msgid_plural", "")
        for form in forms:
            if message[0] and not _placeholders(form) <= _placeholders(message[0]):
                raise ValueError(f"other placeholders than in the text: {form}")
        translated[message] = forms
    return translated


def mo(translated: Mapping[Message, list[str]]) -> bytes:
    """The compiled catalogue."""
    pairs = sorted(
        ("\0".join(filter(None, message)).encode(), "\0".join(forms).encode()) for message, forms in translated.items()
    )
    tables, at = [b"", b""], 28 + 16 * len(pairs)
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<II", len(pair[side]), at)
            at += len(pair[side]) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + tables[0] + tables[1] + b"".join(pair[side] + b"\0" for side in (0, 1) for pair in pairs)


def compile_all(locale: Path) -> list[str]:
    """Compiles every translation in a folder; a line for each that could not be used."""
    wrong = []
    for path in sorted(locale.glob("*.po")):
        try:
            compiled = mo(read_po(path.read_text("utf-8")))
        except ValueError as error:
            wrong.append(f"{path.name}: {error}")
            continue
        folder = locale / path.stem / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kintsugi.mo").write_bytes(compiled)
    return wrong


def _in_source(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "ngettext":
            singular, plural = (_text(argument) for argument in node.args[:2])
            yield singular, plural
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        for index, keyword in ARGUMENTS.get(name, ()):
            yield _text(node.args[index] if index < len(node.args) else keywords.get(keyword)), ""
        if name == "Choice" and node.args and isinstance(node.args[0], ast.Tuple):
            for option in node.args[0].elts:
                if isinstance(option, ast.Tuple):
                    yield _text(option.elts[-1]), ""
        if name in REPORTS:
            at = REPORTS[name]
            report = node.args[at] if len(node.args) > at else keywords.get("report")
            for key in report.keys if isinstance(report, ast.Dict) else ():
                yield _text(key), ""


def _text(node: ast.expr | None) -> str:
    """The literal's text; empty for anything else, which is translated where it comes from."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _placeholders(text: str) -> set[str | None]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text)} - {None}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t")
    return f'"{escaped}"'


def main() -> int:
    """Writes the template and a catalogue for every translation; 1 if one could not be used."""
    TEMPLATE.write_text(template(collect()), encoding="utf-8", newline="\n")
    wrong = compile_all(LOCALE)
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
