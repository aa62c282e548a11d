"""Every text that a user sees goes through gettext: the template knows it, and a translation of it is what appears."""

import ast
import re
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from editor import cli
from editor.core import i18n
from editor.core.document import DocumentState
from editor.core.errors import EditorError, ReadError
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.host.apply import accept
from editor.host.jobs import CancelToken
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.io.read import read_picture
from editor.ui.panels.form import ParamForm
from tests.helpers.documents import patch

CHECKOUT = Path(__file__).resolve().parents[1]
# At the end: test.py there must not be found before the standard library's package.
sys.path.append(str(CHECKOUT / "packaging"))

import messages  # noqa: E402 - it lies in packaging/, which is no package

# What plugins test themselves with speaks to their authors.
NOT_FOR_USERS = {"editor/sdk/testing.py"}
SOURCES = {
    name: path.read_text("utf-8")
    for path in sorted((CHECKOUT / "editor").rglob("*.py")) + sorted((CHECKOUT / "plugins").rglob("*.py"))
    if (name := path.relative_to(CHECKOUT).as_posix()) not in NOT_FOR_USERS
}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}

# Texts of declarations, which the template has from there.
DECLARED = re.compile(
    r".*\b(plugin|made|model|facts|manifest|spec\.doc|spec\.range|self\.doc|self|item\[1\])\.(title|summary|label|help|unit|lowest)"
)
DECLARED_NAMES = {
    ("editor/host/apply.py", "title"),
    ("editor/host/made.py", "name"),  # of a value in a method's report
    ("editor/io/read.py", "other"),  # a format's name, from formats.py
    ("editor/ui/panels/fields.py", "label"),  # of a choice
}


@pytest.fixture(scope="module")
def texts() -> dict[messages.Message, list[str]]:
    return messages.collect()


@pytest.fixture
def translated(
    texts: dict[messages.Message, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The program speaks a made-up language in which every text is as written, but in angle quotes."""
    made_up = {
        ("", ""): ["Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"],
        **{both: [f"«{text}»" for text in both if text] for both in texts},
    }
    folder = tmp_path / "locale" / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "kintsugi.mo").write_bytes(messages.mo(made_up))
    monkeypatch.setattr(i18n, "FOLDER", tmp_path / "locale")
    monkeypatch.setenv("LANGUAGE", "xx")
    i18n.set_language()
    yield
    i18n.set_language("en")


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in names:
            yield node


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def marked_constants() -> set[str]:
    """The names of constants that hold texts in `N_`."""
    return {
        target.id
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(calls(node.value, "N_"))
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    }


def may_be_looked_up(node: ast.expr, file: str, constants: set[str]) -> bool:
    """Whether the template has what `_(node)` looks up."""
    if isinstance(node, ast.IfExp):
        return all(may_be_looked_up(part, file, constants) for part in (node.body, node.orelse))
    source = ast.unparse(node)
    constant = re.fullmatch(r"(?:\w+\.)?(\w+)(?:\[.+\])?", source)
    return bool(
        is_literal(node)
        or DECLARED.fullmatch(source)
        or (file, source) in DECLARED_NAMES
        or (constant is not None and constant[1] in constants)
    )


def error_classes() -> set[str]:
    def below(kind: type[EditorError]) -> Iterator[str]:
        yield kind.__name__
        for child in kind.__subclasses__():
            yield from below(child)

    return set(below(EditorError))


def is_plain(node: ast.expr, function: ast.AST) -> bool:
    """Whether a text that a user sees was written down without `_`; a variable is followed to what it was given."""
    if isinstance(node, ast.IfExp):
        return is_plain(node.body, function) or is_plain(node.orelse, function)
    if isinstance(node, ast.Name):
        return any(
            is_plain(assigned.value, function)
            for assigned in ast.walk(function)
            if isinstance(assigned, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == node.id for target in assigned.targets)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "format" and is_plain(node.func.value, function)
    if not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        return False
    looked_up = {id(part) for call in calls(node, "_", "ngettext") for part in ast.walk(call)}
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and id(part) not in looked_up]
    return any(isinstance(part.value, str) and re.search("[A-Za-z]", part.value) for part in parts)


def shown_texts(function: ast.AST, errors: set[str]) -> Iterator[ast.expr]:
    """What is given to errors, to wrong usage of the command line, to notes, and to help texts."""
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        name = name_of(call)
        if name in errors | {"UsageError"} and call.args:
            yield call.args[0]
        if name in ("append", "insert") and ast.unparse(call.func).rpartition(".")[0].endswith("notes"):
            yield call.args[-1]
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "help" and name != "Doc")


def test_the_template_is_up_to_date(texts: dict[messages.Message, list[str]]) -> None:
    assert messages.TEMPLATE.read_text("utf-8") == messages.template(texts), (
        "texts changed: run `python3 packaging/messages.py` and commit the template"
    )


def test_no_text_stands_twice_in_the_template(texts: dict[messages.Message, list[str]]) -> None:
    singular = [text for text, _plural in texts]
    assert sorted(singular) == sorted(set(singular)), "the same text with and without a plural, or with two"


def test_only_what_the_template_has_is_looked_up() -> None:
    constants = marked_constants()
    wrong = [
        f"{file}:{call.lineno}: {ast.unparse(call)}"
        for file, tree in TREES.items()
        if file != "editor/core/i18n.py"
        for call in calls(tree, "_", "N_", "ngettext")
        for text in call.args[: 2 if name_of(call) == "ngettext" else 1]
        if not (is_literal(text) or (name_of(call) == "_" and may_be_looked_up(text, file, constants)))
    ]
    assert wrong == []


def test_no_error_or_note_is_plain_text() -> None:
    errors = error_classes()
    assert {"StaleError", "ReadError"} <= errors
    wrong = [
        f"{file}:{text.lineno}: {ast.unparse(text)}"
        for file, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for text in shown_texts(function, errors)
        if is_plain(text, function)
    ]
    assert wrong == []


def test_nothing_hides_the_look_up() -> None:
    """`for _, x in ...` makes `_` a local name, and the look-up fails, on a way that perhaps no other test walks."""

    def hidden(table: symtable.SymbolTable) -> Iterator[str]:
        if "_" in table.get_identifiers():
            name = table.lookup("_")
            module = table.get_type() == "module"
            bound = name.is_assigned() or (not module and name.is_parameter())
            if name.is_free() or (bound and (module or name.is_referenced())):
                yield f"{table.get_name()}:{table.get_lineno()}"
        for child in table.get_children():
            yield from hidden(child)

    assert [
        f"{file}: {where}"
        for file, source in SOURCES.items()
        if re.search(r"i18n import .*\b_\b", source)
        for where in hidden(symtable.symtable(source, file, "exec"))
    ] == []


def test_an_untranslated_text_is_as_written() -> None:
    assert i18n._("Mask") == "Mask"
    assert i18n.ngettext("one", "many", 2) == "many"


@pytest.mark.usefixtures("translated")
def test_errors_are_translated(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read_picture(tmp_path / "nowhere.png")
    assert str(caught.value) == f"«{tmp_path / 'nowhere.png'} does not exist.»"
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ReadError, match=r"^«cut\.png is incomplete.*»$"):
        read_picture(tmp_path / "cut.png")


@pytest.mark.usefixtures("translated")
def test_the_command_line_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    i18n.set_language("en")  # the command line itself asks for the system's language

    def said(*words: str) -> str:
        cli.main(words)
        return " ".join(capsys.readouterr().out.split())

    assert "«Run a method on one photo (-o) or many (--out-dir).»" in said("run", "--help")
    declared = said("run", "content_fill", "--help")
    assert "«Fills the painted area" in declared
    assert "«How large a piece of texture" in declared
    assert "[«3 to 15» «px»]" in declared
    assert "«Content-aware fill»: «Fills the painted area" in said("list")


@pytest.mark.usefixtures("translated")
def test_labels_of_parameters_are_translated(qtbot: QtBot) -> None:
    form = ParamForm(Registry.scan().get("content_fill").specs)
    qtbot.addWidget(form)
    assert "«Patch size»" in [label.text() for label in form.findChildren(QLabel)]


@pytest.mark.usefixtures("translated")
def test_steps_and_layers_are_translated_and_records_are_not() -> None:
    registry = Registry.scan()
    plugin = registry.get("content_fill")
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    session = Session.open(DocumentState.from_pixels(pixels, Metadata(), "photo"), None, "photo")
    writer = session.state.mask.write()
    writer.pixels((0, 0))[20:24, 20:24] = 255
    session.commit(session.state.with_mask("mask", writer.freeze()), "mask")
    made = Runner(registry).run(session.state, Request(plugin, plugin.params(), 7), CancelToken(), lambda *_: None)
    step = accept(session, patch(made), session.state)
    assert step.label == "««Content-aware fill», seed 7»"
    assert session.state.layers[-1].name == step.label
    assert "«" not in str(made.record.to_json())


PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 ? 0 : n%10<5 ? 1 : 2);\\n"

#: editor/io/read.py
msgid "{path} does not exist."
msgstr ""
"gibt es nicht: "
"{path}"

msgid "{count} page"
msgid_plural "{count} pages"
msgstr[0] "{count} a"
msgstr[1] "{count} b"
msgstr[2] "{count} c"

#, fuzzy
msgid "Mask"
msgstr "Verdacht"

msgid "Open"
msgstr ""
"""


def test_a_translation_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    (tmp_path / "xx.po").write_text(PO, "utf-8")
    assert messages.compile_all(tmp_path) == []
    assert i18n.languages() == ("en", "xx")
    i18n.set_language("xx")
    try:
        assert i18n._("{path} does not exist.") == "gibt es nicht: {path}"
        assert [i18n.ngettext("{count} page", "{count} pages", count)[-1] for count in (1, 3, 7)] == ["a", "b", "c"]
        # What nobody has looked at, or translated at all, stays English.
        assert (i18n._("Mask"), i18n._("Open"), i18n._("")) == ("Mask", "Open", "")
    finally:
        i18n.set_language("en")


@pytest.mark.parametrize(
    "entry", ['msgid "{path} is gone"\nmsgstr "{pfad} fehlt"', 'msgid "a {b}"\nmsgstr "a {b"', "msgid it"]
)
def test_a_translation_that_would_fail_when_shown_is_refused(entry: str, tmp_path: Path) -> None:
    (tmp_path / "xx.po").write_text(entry, "utf-8")
    (line,) = messages.compile_all(tmp_path)
    assert line.startswith("xx.po: ")
