"""The `learning_summary` in a profile says what the lines of the journal say, whatever they are."""

from __future__ import annotations

import json
import tempfile
from itertools import count
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from journal_lines import output, rate, record, undo

from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.seen import SeenModel
from stablenew_tk.domain.models.profile import LoraProfile
from stablenew_tk.domain.models.style import StyleCatalogue
from stablenew_tk.pipeline.messages.models import SaveLoraProfile
from stablenew_tk.pipeline.model_worker import ModelWorker
from stablenew_tk.storage.disk.places import find_places

PROMPTS = ("a street", "a street <lora:rain:0.8>", "<lora:rain:1> <lora:snow:0.5>", "<lora:snow:1>")
RECORDS = st.builds(
    lambda run, prompt, status, kind, suspect, pictures: record(
        run_id=run,
        prompt=prompt,
        status=status,
        kind=kind,
        outputs=tuple(output(suspect=("black",) if suspect else ()) for _ in range(pictures)),
    ),
    st.sampled_from("ABC"),
    st.sampled_from(PROMPTS),
    st.sampled_from(("ok", "ok", "ok", "partial")),
    st.sampled_from(("webui", "webui", "sketch")),
    st.sampled_from((False, False, False, True)),
    st.integers(1, 3),
)


@st.composite
def journals(draw):
    """Records, then stars, rejections and undo lines about them in any order."""
    records = draw(st.lists(RECORDS, min_size=1, max_size=6))
    pictures = [one for made in records for one in made.outputs]
    lines, said = list(records), []
    for _ in range(draw(st.integers(0, 14))):
        picture, what = draw(st.sampled_from(pictures)), draw(st.integers(-2, 5))
        if what == -2 and said:
            lines.append(undo(draw(st.sampled_from(said))))
            continue
        said.append(rate(picture, rejected=True) if what < 0 else rate(picture, what))
        lines.append(said[-1])
    return records, said, lines


def told(records, said, lines, name):
    """The same by the meaning of the lines, one picture at a time."""
    undone = {}
    for line in lines:
        if target := getattr(line, "target", ""):
            undone[target] = True
    good = [
        (made, picture)
        for made in records
        if f"<lora:{name}:" in made.prompt and made.status == "ok" and made.backend.kind != "sketch"
        for picture in made.outputs
        if not picture.suspect
    ]
    stars = []
    for _, picture in good:
        given_stars = [
            one.rating
            for one in said
            if one.image_id == picture.image_id and one.rating is not None and one.event_id not in undone
        ]
        stars += [given_stars[-1]] if given_stars and given_stars[-1] else []
    runs = {made.run_id for made, _ in good}
    mean = round(sum(stars) / len(stars), 2) if stars else None
    return len(runs), len(stars), mean


@settings(max_examples=12, deadline=None)
@given(journals())
def test_the_summary_in_a_profile_is_what_the_lines_of_the_journal_say(journal):
    history, numbers = History(), count()
    for line in journal[2]:
        history.fold(line, Position(1, next(numbers) * 1000, 900))
    seen = SeenModel(columns=history.visible().columns(), kind="lora", is_it="rain".__eq__)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "rain.safetensors"
        model.write_bytes(b"")
        worker = ModelWorker(find_places(str(Path(folder) / "data"), {}, None), StyleCatalogue(), lambda _event: None)
        worker.perform(SaveLoraProfile(model=str(model), profile=LoraProfile(trigger_phrases=("rain",)), seen=seen))
        written = json.loads((Path(folder) / "rain.loraprofile.json").read_text()).get("learning_summary", {})
    found = written.get("runs_observed", 0), written.get("ratings", 0), written.get("mean_rating")
    assert found == told(*journal, "rain")
