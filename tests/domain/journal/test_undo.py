"""Undo and redo of what was said."""

from stablenew_tk.domain.journal.undo import UndoStacks


def test_undo_redo_undo_walks_back_and_forth():
    stacks = UndoStacks()
    stacks.did(("a", "b"))
    assert stacks.next(redo=False) == ("a", "b")
    stacks.undid(("va", "vb"), redo=False)
    assert stacks.next(redo=True) == ("va", "vb")
    stacks.undid(("vva", "vvb"), redo=True)
    assert stacks.next(redo=False) == ("vva", "vvb")


def test_saying_something_new_forgets_what_was_undone():
    stacks = UndoStacks()
    stacks.did(("a",))
    stacks.undid(tuple("v" + name for name in stacks.next(redo=False)), redo=False)
    stacks.did(("b",))
    assert stacks.next(redo=True) == ()


def test_nothing_to_undo_is_nothing():
    assert UndoStacks().next(redo=False) == ()
