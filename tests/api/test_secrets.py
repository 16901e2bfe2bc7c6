"""No secret is shown or written by anything that shows or writes: planted everywhere, looked for everywhere."""

import html
import json
import logging
import urllib.parse
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code

TOKEN, KEY, PEM, LONG, DEFAULT, NUMBER, PIN, MADE = (
    "tok/en+s3cret=1",
    "key-'quoted'-é-s3cret",
    "-----BEGIN s3cret\nline two of it\n\tline three-----",
    "s3cret-" + "0123456789abcdef" * 20,
    "the-default-s3cret",
    987654321,
    "77",
    "made-up-s3cret",
)
SECRETS = (TOKEN, KEY, PEM, LONG, DEFAULT, str(NUMBER), MADE)

WORKFLOW = """\
version: 1.0.0
parameters:
  token: {type: string, secret: true}
  pin: {type: string, secret: true}
  number: {type: integer, secret: true}
  fallback: {type: string, secret: true, default: the-default-s3cret}
tasks:
  - name: call
    action: t.call
    input:
      token: "{{ parameters.token }}"
      key: "{{ keystore.key }}"
      pem: "{{ keystore.deep.list[0] }}"
      long: "text around {{ keystore.long }}, and after"
      number: "{{ parameters.number }}"
      fallback: "{{ parameters.fallback }}"
      pin: "{{ parameters.pin }}"
    next:
      - publish: [{kept: "{{ result() }}"}, {broken: "{{ 1 + keystore.key }}"}, {odd: "{{ keystore[keystore.key] }}"}]
        do: [raise, items, child, wrong, late, input, loop]
  - {name: raise, action: t.raise, input: {all: "{{ keystore }}"}, next: [{do: []}]}
  - name: items
    action: t.raise
    with_items: "{{ [keystore.key, parameters.token, keystore.long] }}"
    input: {all: "{{ item }}"}
  - {name: child, action: demo.child, input: {made: "{{ 'made-up-' + 's3c' + 'ret' }}", key: "{{ keystore.key }}"}}
  - {name: wrong, action: demo.child, input: {made: 5, key: "{{ [keystore.long] }}"}}
  - {name: late, action: t.raise, timeout: "{{ keystore.key }}"}
  - {name: input, action: t.raise, input: {x: "{{ match(keystore.key + '(', 'x') }}"}}
  - {name: loop, action: t.raise, retry: {count: 1, delay: 0, on_error: "keystore.key + 1"}, input: {all: "{{ keystore.long }}"}}
output_map: {all: "{{ kept }}", bad: "{{ keystore.long.missing }}"}
"""
CHILD = """\
version: 1.0.0
ref: demo.child
parameters: {made: {type: string, secret: true}, key: {type: string}}
tasks:
  - {name: inner, action: t.raise, input: {all: "{{ parameters }}"}}
"""
KEYSTORE = {"key": KEY, "deep": {"list": [PEM]}, "long": LONG}
PARAMETERS = {"token": TOKEN, "pin": PIN, "number": NUMBER}


def call(**given):
    """Gives back everything that it knows, in every form that it can take."""
    url = f"https://example.org/?t={urllib.parse.quote(given['token'], safe='')}&k={urllib.parse.quote_plus(given['key'])}"
    return {
        "plain": given,
        "json": json.dumps(given),
        "repr": repr(given),
        "url": url,
        given["token"]: "as a key",
    }


def fails(**given):
    raise RuntimeError(f"cannot do it with {given} nor {json.dumps(given)}, {' '.join(str(given).split())}")


ACTIONS = {"t.call": call, "t.raise": fails}


def leaks(text, but=()):
    """Which secrets a text has in it, in any of the forms that a text may have them in."""
    text = text.replace(but, "") if but else text
    known = {
        form
        for secret in SECRETS
        for form in (
            secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], urllib.parse.quote(secret, safe=""),
            urllib.parse.quote_plus(secret), " ".join(secret.split()), html.escape(secret),
        )
    }  # fmt: skip
    return sorted(form for form in known if form in text) + (["s3cret"] if "s3cret" in text else [])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return at.run(
        WORKFLOW, PARAMETERS, actions=ACTIONS, keystore=KEYSTORE, workflows=[at.load(CHILD)],
        journal=tmp_path_factory.mktemp("secrets") / "run.jsonl",
    )  # fmt: skip


def test_the_run_itself_has_its_secrets(run):
    assert run.variables["kept"]["plain"]["token"] == TOKEN
    assert run.status == "failed"
    assert len([warning for warning in run.warnings if "has fewer than 4" not in warning]) == 3


def test_messages_reprs_and_frames_show_none(run):
    texts = {
        "repr": repr(run), "error": run.error, "warnings": repr(run.warnings),
        "tasks": run.tasks.to_csv(), "items": run.items.to_csv(), "summary": run.summary().to_csv(),
        "notebook": json.dumps(run._repr_mimebundle_()), "shown": repr(run.masked({"v": run.variables, "r": run.task_results})),
        "reasons": repr([result.get("error") for result in run.task_results.values()]),
    }  # fmt: skip

    assert {name: leaks(text) for name, text in texts.items()} == {name: [] for name in texts}
    assert "cannot do it with" in texts["tasks"]
    assert "***" in texts["error"]


def test_reports_show_none(run, tmp_path):
    for name in ("report.html", "report.md"):
        run.report(tmp_path / name)

        text = (tmp_path / name).read_text()
        assert leaks(text) == []
        assert "cannot do it with" in text


def test_the_journal_has_none_and_the_run_is_told_again_from_it(run):
    assert leaks(Path(run.journal).read_text()) == []

    again = at.resume(run.journal, keystore=KEYSTORE, parameters=PARAMETERS, workflows=[at.load(WORKFLOW)])

    assert again.task_results == run.task_results
    assert again.error == run.error


def test_the_script_of_the_run_has_none(run):
    script = at.script_of(run)

    assert leaks(json.dumps(script)) == []
    assert PIN not in json.dumps(script["parameters"])
    assert leaks(repr(at.rehearse(WORKFLOW, script))) == []


def test_the_short_one_is_masked_where_it_comes_from(run):
    header = json.loads(Path(run.journal).read_text().splitlines()[0])

    assert header["parameters"]["pin"] == {"$secret": "parameters.pin"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text(WORKFLOW)
    (tmp_path / "subs").mkdir()
    (tmp_path / "subs" / "child.yaml").write_text(CHILD)
    (tmp_path / "keys.json").write_text(json.dumps(KEYSTORE))
    (tmp_path / "params.json").write_text(json.dumps(PARAMETERS))
    (tmp_path / "mine.py").write_text(
        "import json\nimport urllib.parse\n"
        "def t__call(**given):\n    return {'plain': given, 'json': json.dumps(given), given['token']: 1}\n"
        "def t__raise(**given):\n    raise RuntimeError(f'cannot do it with {given}')\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMON = ["--actions", "mine.py", "--workflows", "subs", "--keystore", "keys.json", "--params", "params.json"]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_line_shows_none(folder, capsys, caplog, as_json):
    caplog.set_level(logging.DEBUG)
    more = ["--json"] if as_json else []
    shown = []
    for command in (
        [
            "run",
            "mine.yaml",
            *COMMON,
            "--journal",
            "run.jsonl",
            "--save-script",
            "script.yaml",
            "--report",
            "r.html",
        ],
        ["resume", "run.jsonl", *COMMON],
        ["rehearse", "mine.yaml", "script.yaml"],
    ):
        code = exit_code([*command, *more])
        seen = capsys.readouterr()
        # Where the child is only an answer, nothing says that one of its parameters is secret.
        but = MADE if command[0] == "rehearse" else ""
        shown.append((command[0], code, leaks(seen.out + seen.err + caplog.text, but)))

    assert shown == [("run", 1, []), ("resume", 1, []), ("rehearse", 0, [])]
    files = [path for path in folder.iterdir() if path.name in ("run.jsonl", "script.yaml", "r.html")]
    assert len(files) == 3
    assert [leaks(path.read_text()) for path in files] == [[], [], []]


@pytest.mark.parametrize(
    "broken",
    [
        ["--params", "bad.json"],
        ["--param", "token"],
        ["--param", "number=tok/en+s3cret=1"],
        ["--keystore", "bad.yaml"],
        ["--keystore", "list.yaml"],
    ],
)
def test_input_that_cannot_be_used_is_not_quoted(folder, capsys, broken):
    (folder / "bad.json").write_text(json.dumps({**PARAMETERS, "token": [TOKEN], "number": KEY}))
    (folder / "bad.yaml").write_text(f"key: [{MADE}\nother: {{*{MADE}}}\n")
    (folder / "list.yaml").write_text(f"- {MADE}\n")

    code = exit_code(["run", "mine.yaml", *COMMON, *broken])

    seen = capsys.readouterr()
    assert code == 2
    assert leaks(seen.out + seen.err) == []


def test_a_value_that_does_not_fit_is_masked_wherever_it_was_put():
    text = "version: '1'\nparameters: {plain: {type: integer}, token: {type: string, secret: true}}\ntasks: [{name: a, action: core.noop}]\n"

    for value in (TOKEN, LONG, f"Bearer {LONG}"):
        with pytest.raises(at.ParametersError) as caught:
            at.run(text, {"plain": value, "token": TOKEN}, keystore={"long": LONG})
        assert leaks(str(caught.value) + repr(caught.value)) == []
        assert caught.value.__cause__ is None


def test_a_secret_that_is_too_short_to_be_masked_is_told_by_its_place():
    text = "version: '1'\ntasks: [{name: a, action: core.noop}]\n"
    run = at.run(text, keystore={"pin": "xyz", "key": "long enough", "none": ""})
    assert run.warnings == ("keystore.pin: has fewer than 4 characters, and cannot be masked in texts",)
