"""`insights`: prints the analysis of ratings for a Learning Run, a pack, or all recorded pictures."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from rich.table import Table
from rich.text import Text

from ..app.insights.pair_map import PairMap, pair_map
from ..domain.base.errors import InvalidInput, Unreadable
from ..domain.config.catalogue import Value
from ..domain.config.sweep import focus, is_wording, spell
from ..domain.insights.association import Association, RatedRun, associations
from ..domain.insights.hint_question import doubt_words, expected_false, hint_question
from ..domain.insights.matrix import Board, evidence, whole_board
from ..domain.insights.report import Report, ValueReport, report
from ..domain.insights.report_json import DocumentVerdict, document
from ..domain.insights.result import is_outdated
from ..domain.insights.standing import Standing, standing
from ..domain.insights.titles import VERDICT_NAMES
from ..domain.insights.verdict_text import percent
from ..domain.journal.history import History
from ..domain.journal.image_facts import ImageFacts
from ..domain.journal.query import Query, select
from ..domain.models.value_sources import CHECKPOINT
from ..domain.runs.plan import LearningPlan
from ..domain.runs.plan_title import prompts_tested
from ..domain.runs.value_pairs import TIMES
from ..storage.disk.places import Places
from ..storage.journal.reader import read_record
from ..storage.journal.snapshot import load_history
from .card import check_card, write_plan_card
from .terminal import OK, err, find_plan, out, print_json, print_verdict, program

# Limited to the newest pictures, because every record must be read from the disk.
NEWEST = 2000
_SHOWN = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `insights`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--plan", metavar="PLAN", help='one Learning Run: id, name, or "last"')
    what.add_argument("--pack", metavar="NAME", help="the Learning Runs of a pack, and hints from its everyday runs")
    parser.add_argument("--checkpoint", default="", metavar="NAME", help="only this checkpoint")
    words = "with --plan: write a card to show around, a picture (.png) or a page (.html) that holds the plan, too"
    parser.add_argument("--card", metavar="FILE", help=words)
    parser.add_argument("--no-prompt", action="store_true", help="with --card: a page without the texts of the prompts")
    parser.set_defaults(command=insights)


class PlanLine(Struct, frozen=True, kw_only=True):
    """One Learning Run in a list. `hidden`: it is rated blind and its answer must not be seen yet. `runs` are all that
    asked the same and have one answer, oldest first; () where it is the only one.
    """

    plan_id: str
    name: str
    pack: str
    checkpoint: str
    sketch: bool
    focus_parameter: str
    second_parameter: str = ""
    rated: int
    total: int
    hidden: bool
    verdict: DocumentVerdict
    who: str = ""
    note: str = ""
    runs: tuple[str, ...] = ()


class Hints(Struct, frozen=True, kw_only=True):
    """What everyday pictures of one checkpoint (or sketches) tell; `pictures` were rated.

    Of the hints among the associations `expected_false` are expected to be false at most. `confirm` has a question for
    each slot or setting that a hint is about.
    """

    checkpoint: str
    sketch: bool
    pictures: int
    expected_false: float
    confirm: tuple[Confirmation, ...]
    associations: tuple[Association, ...]


class Confirmation(Struct, frozen=True, kw_only=True):
    """The Learning Run that asks whether a hint is true, and the command that makes it."""

    focus_parameter: str
    values: tuple[Value, ...]
    command: str


class Overview(Struct, frozen=True, kw_only=True):
    """What `insights --json` and `insights --pack NAME --json` print."""

    pack: str
    checkpoint: str
    plans: tuple[PlanLine, ...]
    everyday: tuple[Hints, ...] = ()


def insights(args: argparse.Namespace, places: Places) -> int:
    """Print the insights. Only reads; may run while the window is open."""
    history = load_history(places.journal, places.snapshot).history
    check_card(args)
    if args.plan and args.card is not None:
        return write_plan_card(args, places, _board(history, find_plan(history, args.plan)))
    if args.plan:
        return _one(args, history)
    pack = _pack(history, args.pack) if args.pack else ""
    chosen = [plan for plan in history.plans.plans() if pack in ("", plan.pack_id)]
    lines = (_line(history, plan) for plan in chosen)
    plans = tuple(line for line in lines if args.checkpoint in ("", line.checkpoint))
    everyday = tuple(_everyday(places, history, pack, args.checkpoint)) if pack else ()
    found = Overview(pack=pack, checkpoint=args.checkpoint, plans=plans, everyday=everyday)
    if args.json:
        print_json(found)
    else:
        _tell_overview(found, program(places))
    return OK


def known_report(history: History, plan: LearningPlan) -> Report:
    """The report of a plan. Takes up to 0.3 s."""
    return report(_board(history, plan))


def _board(history: History, plan: LearningPlan) -> Board:
    found = whole_board(history, plan.plan_id)
    if found is None:
        raise InvalidInput(f"There is no Learning Run {plan.plan_id!r}.", "--plan")
    return found


# ---- one Learning Run


def _one(args: argparse.Namespace, history: History) -> int:
    plan = find_plan(history, args.plan)
    found = known_report(history, plan)
    if args.json:
        print_json(document(found))
        return OK
    print_verdict(found.verdict.headline, found.verdict.meaning)
    titles = TIMES.join(one.title for one in plan.subjects)
    head = [VERDICT_NAMES[found.verdict.state], plan.name, plan.pack_id, found.checkpoint, titles]
    out.print(" · ".join(part for part in head if part), markup=False)
    several = len(found.runs) > 1
    names = [prompt.prompt_id for prompt in (found.prompts if several else prompts_tested(plan))]
    tested = ("Prompts: " if len(names) > 1 else "Prompt: ", ", ".join(names))
    about = (tested, ("Who: ", plan.metadata.who), ("Note: ", plan.metadata.notes))
    for line in (f"{label}{text}" for label, text in about if text):
        out.print(line, markup=False)
    out.print(found.remark, markup=False)
    if not history.visible().shows(plan.plan_id):
        err.print("This run is rated blind and not revealed yet. Rating on after this look is no longer blind.")
    if found.insight.pair is not None and found.verdict.state != "too_early":
        out.print(_map(pair_map(found)))
    out.print(_table(found))
    for value in found.values:
        if is_wording(found.focus.path) and value.text != value.value:
            out.print(f"{value.text}: {value.value or 'nothing'}", markup=False)
    alone = f"This run alone: {found.alone.sentence}" if found.alone is not None else ""
    for sentence in (*found.tag_sentences, found.changed, alone, found.over_time, _repeats(found)):
        if sentence:
            out.print(sentence, markup=False)
    return OK


def _table(found: Report) -> Table:
    table = Table(box=None)
    table.add_column(Text(TIMES.join(one.title for one in found.plan.subjects)))
    table.add_column("stars")
    for heading in ("rated", "estimate", "90 % range", "near best", "per picture"):
        table.add_column(heading, justify="right")
    table.add_column("tags")
    for value in found.values:
        # Of pairs, those without a picture stand in the map above.
        if value.made or value.stars or not found.plan.second_parameter:
            table.add_row(*map(Text, _cells(found, value)))
    return table


def _map(found: PairMap) -> Table:
    """Estimates of all pairs: a column for each value of the first setting, a row for each of the second."""
    table = Table(box=None)
    table.add_column(Text(found.corner))
    for head in found.columns:
        table.add_column(Text(head), justify="right")
    for row, head in enumerate(found.rows):
        cells = [found.at(column, row) for column in range(len(found.columns))]
        table.add_row(*map(Text, (head, *("" if cell is None else cell.text for cell in cells))))
    return table


def _cells(found: Report, value: ValueReport) -> Iterator[str]:
    known = value.insight
    yield value.text
    yield " ".join(map(str, value.stars)) or "–"
    yield str(known.n if known else 0)
    # Before it may be said who is ahead, only the stars themselves are shown.
    early = known is None or found.verdict.state == "too_early"
    yield "–" if known is None or early else f"{known.mean:.1f}"
    yield "–" if known is None or early else f"{known.low:.1f} – {known.high:.1f}"
    yield "–" if known is None or early else percent(known.p_within_quarter, short=True)
    yield "–" if value.seconds is None else f"{value.seconds:.1f} s" if value.seconds >= 0.1 else "< 0.1 s"
    yield ", ".join(f"{tag} {count} of {value.looked_at}" for tag, count in value.tags)


def _repeats(found: Report) -> str:
    if found.insight.repeat_sd is None:
        return ""
    again = _pictures(found.insight.repeats)
    return f"You repeat yourself within {found.insight.repeat_sd:.1f} stars ({again} shown again)."


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


# ---- all of a pack, or all there is


def _pack(history: History, typed: str) -> str:
    known = {run.pack_id for run in history.visible().columns().runs} | {plan.pack_id for plan in history.plans.plans()}
    hits = [pack for pack in known if pack == typed] or [p for p in known if p.casefold() == typed.strip().casefold()]
    if len(hits) == 1:
        return hits[0]
    names = ", ".join(sorted(known - {""})[:8])
    there = f"Recorded packs: {names}." if names else "Nothing is recorded yet."
    raise InvalidInput(f"No picture of a pack {typed!r} is recorded. {there}", "--pack")


def _line(history: History, plan: LearningPlan) -> PlanLine:
    seen = _board(history, plan)
    known, now = evidence(seen), standing(seen)
    # Nobody has to see what a blind run proves before its values are revealed, here as in the window.
    hidden = not now.revealed
    return PlanLine(
        plan_id=plan.plan_id,
        name=plan.name,
        pack=plan.pack_id,
        checkpoint=known.checkpoint or plan.base_config.checkpoint,
        sketch=known.sketch or plan.backend_kind == "sketch",
        focus_parameter=plan.focus_parameter,
        second_parameter=plan.second_parameter,
        rated=now.rated,
        total=now.wanted,
        hidden=hidden,
        verdict=_hidden(now) if hidden else _verdict(seen),
        who=plan.metadata.who,
        note=plan.metadata.notes,
        runs=_runs(history, plan.plan_id) if not hidden else (),
    )


def _runs(history: History, plan_id: str) -> tuple[str, ...]:
    same = history.plans.asked.same(plan_id) if history.plans.result(plan_id) is not None else ()
    return same if len(same) > 1 else ()


def _hidden(now: Standing) -> DocumentVerdict:
    sentence = f"Blind: {now.rated} of {now.wanted} pictures rated."
    return DocumentVerdict(
        state="too_early", value=None, probability=0.0, sentence=sentence, headline=sentence, meaning=""
    )


def _verdict(seen: Board) -> DocumentVerdict:
    """The stored verdict, as every page shows it; a fresh one where something changed since."""
    if not seen.told or is_outdated(seen):
        return document(report(seen)).verdict
    last = seen.told[-1].summary
    headline, meaning = last.parts
    return DocumentVerdict(
        state=last.state,
        value=last.value,
        probability=last.probability,
        sentence=last.sentence,
        headline=headline,
        meaning=meaning,
    )


def _everyday(places: Places, history: History, pack: str, checkpoint: str) -> Iterator[Hints]:
    """Hints from the newest rated pictures of no plan, for each checkpoint alone and for sketches alone."""
    query = Query(rating="stars", min_stars=1, pack=pack, checkpoint=checkpoint, finals_only=True)
    plans = {plan.plan_id for plan in history.plans.plans()}
    groups: dict[tuple[str, bool], list[ImageFacts]] = {}
    visible = history.visible()
    for facts in map(visible.facts, select(visible.columns(), query).rows):
        if not facts.suspect and facts.run_id not in plans:
            groups.setdefault((facts.checkpoint, facts.sketch), []).append(facts)
    for (name, sketch), pictures in sorted(groups.items()):
        rated = list(_records(places, pictures[:NEWEST]))
        found = associations(rated)
        yield Hints(
            checkpoint=name,
            sketch=sketch,
            pictures=len(rated),
            expected_false=expected_false(found),
            confirm=tuple(_confirmations(found, name, _command(places, pack, sketch=sketch), _workflows(rated))),
            associations=found,
        )


def _records(places: Places, pictures: Iterable[ImageFacts]) -> Iterator[RatedRun]:
    for facts in pictures:
        try:
            yield read_record(places.journal, facts.position), facts.rating
        except Unreadable as problem:
            err.print(str(problem), markup=False)


def _command(places: Places, pack: str, *, sketch: bool) -> str:
    engine = " --backend sketch" if sketch else ""
    return f"{program(places)} learn {shlex.quote(pack)}{engine}"


def _workflows(rated: Iterable[RatedRun]) -> dict[str, str]:
    """The newest workflow in which each of its values was set, by the path of the value."""
    used = [record.config.workflow for record, _ in rated]
    return {path: one.file for one in reversed(used) for path in one.values}


def _confirmations(
    found: Sequence[Association], checkpoint: str, command: str, workflows: Mapping[str, str]
) -> Iterator[Confirmation]:
    for hint in {one.what: one for one in reversed(found) if one.telling}.values():
        question = hint_question(hint)
        if question is not None:
            path, values = question.focus, question.values
            words = [command, "--focus", shlex.quote(path)]
            words += ["--values", shlex.quote(spell(path, values))]
            words += ["--workflow", shlex.quote(workflows[path])] if path in workflows else []
            # Without a name the hints are about the loaded checkpoint.
            words += ["--set", shlex.quote(f"checkpoint={checkpoint}")] if checkpoint and path != CHECKPOINT else []
            yield Confirmation(focus_parameter=path, values=values, command=" ".join(words))


def _tell_overview(found: Overview, typed: str) -> None:
    told = set[tuple[str, ...]]()
    for line in found.plans:
        # The runs of one question have one answer, which stands above the newest of them.
        if not line.runs or line.runs not in told:
            print_verdict(line.verdict.headline, line.verdict.meaning)
            told.add(line.runs)
        state = "Blind" if line.hidden else VERDICT_NAMES[line.verdict.state]
        title = TIMES.join(focus(path).title for path in (line.focus_parameter, line.second_parameter) if path)
        where = "sketch pictures: a rehearsal" if line.sketch else line.checkpoint
        about = (state, title, line.name, line.pack, where, f"{line.rated} of {line.total} rated")
        several = f"1 of {len(line.runs)} runs of this question" if line.runs else ""
        out.print(f"  {' · '.join(part for part in (*about, several, line.plan_id) if part)}", markup=False)
    if not found.plans:
        out.print(f"No Learning Run yet. Make one: {typed} learn PACK --focus PATH --values SPEC", markup=False)
    for hints in found.everyday:
        _tell_hints(hints)
    if found.pack and not found.everyday:
        out.print("No everyday picture of this pack is rated yet.")


def _tell_hints(hints: Hints) -> None:
    where = "sketch pictures: a rehearsal" if hints.sketch else hints.checkpoint or "the loaded checkpoint"
    out.print(f"From everyday runs with {where}, {_pictures(hints.pictures)} rated: hints, not proof", markup=False)
    if words := doubt_words(hints.associations):
        out.print(f"  {words}", markup=False)
    shown: Sequence[Association] = hints.associations[:_SHOWN]
    for association in shown:
        out.print(f"  {association.sentence}", markup=False)
    if hints.confirm:
        out.print("  Confirm by a Learning Run:")
    for question in hints.confirm:
        out.print(f"    {question.command}", markup=False, soft_wrap=True)
    if not shown:
        out.print("  Nothing to compare: all these pictures were made with the same choices.")
