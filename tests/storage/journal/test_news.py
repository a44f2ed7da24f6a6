"""What other programs write is read once, in order, and never what this program wrote."""

from __future__ import annotations

from journal_lines import rate, record

from stablenew_tk.storage.journal.news import JournalNews
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.segments import segment_path
from stablenew_tk.storage.journal.snapshot import load_history
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def opened(folder, own):
    news = JournalNews(folder, own.writer)
    news.start(load_history(folder, folder / "snapshot").history.end)
    return news


def ids(news):
    return [line.event_id for line, _ in news.lines]


def test_lines_of_others_come_once_and_in_order_and_own_ones_never(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    own.append(record())
    news = opened(tmp_path, own)
    theirs = []
    for _ in range(3):
        own.append(record())
        theirs.append(other.append(record()).line.event_id)
    assert ids(news.read(100)) == theirs
    assert ids(news.read(100)) == []
    own.append(record())
    assert ids(news.read(100)) == []


def test_much_news_comes_in_pieces(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    news = opened(tmp_path, own)
    theirs = [other.append(record()).line.event_id for _ in range(7)]
    pieces = [news.read(3) for _ in range(3)]
    assert [ids(piece) for piece in pieces] == [theirs[:3], theirs[3:6], theirs[6:]]
    assert [piece.more for piece in pieces] == [True, True, False]


def test_another_journal_written_into_the_same_file_is_noticed(tmp_path):
    own, other = LearningRecordWriter(tmp_path / "a"), LearningRecordWriter(tmp_path / "b")
    own.append(record())
    news = opened(tmp_path / "a", own)
    for number in range(9):
        other.append(record(prompt=f"a boat on the way home, number {number}"))
    theirs = segment_path(tmp_path / "b", 1).read_bytes()
    segment_path(tmp_path / "a", 1).write_bytes(theirs)
    assert news.read(100).replaced


def test_positions_are_those_of_the_lines(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path, segment_limit=1500)
    news = opened(tmp_path, own)
    written = [other.append(record()).position for _ in range(4)]
    assert [position for _, position in news.read(100).lines] == written
    assert written[-1].segment > 1


def test_a_line_in_the_middle_of_being_written_is_news_when_it_is_whole(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    news = opened(tmp_path, own)
    first = other.append(record()).line
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert ids(news.read(100)) == []
    with path.open("ab") as file:
        file.write(whole[-30:])
    assert ids(news.read(100)) == [first.event_id]


def test_a_damaged_line_is_counted_and_the_next_ones_are_read(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    news = opened(tmp_path, own)
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b"what is this\n")
    later = other.append(rate("X", 4)).line
    found = news.read(100)
    assert (ids(found), found.damaged) == ([later.event_id], 1)


def test_a_repaired_journal_is_noticed(tmp_path):
    own, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    for _ in range(3):
        other.append(record())
    path = segment_path(tmp_path, 1)
    path.write_bytes(path.read_bytes().replace(b"a knight", b"a fright", 1))
    news = opened(tmp_path, own)
    repair(tmp_path)
    other.append(record())
    assert news.read(100).replaced


def test_nothing_is_news_before_the_journal_was_loaded_and_in_an_empty_one(tmp_path):
    own = LearningRecordWriter(tmp_path / "journal")
    assert JournalNews(tmp_path / "journal", own.writer).read(100) is None
    assert ids(opened(tmp_path / "journal", own).read(100)) == []
