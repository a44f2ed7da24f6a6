"""The plan inside a card's page: what marks it, and how it is found again."""

from __future__ import annotations

from ..base.errors import InvalidInput

# A page has pictures, too.
PAGE_LIMIT = 16 * 1024 * 1024
PLAN_MARK = '<script type="application/json" id="stablenew-plan">'


def plan_inside(data: bytes, where: str) -> bytes:
    """The plan in a card's page; of any other file all there is. Raises InvalidInput for a page without a plan."""
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return data
    # The last one: what people wrote stands before it, and is escaped there.
    found = data.rpartition(PLAN_MARK.encode())[2] if PLAN_MARK.encode() in data else b""
    plan = found.partition(b"</script>")[0].strip()
    if not plan:
        raise InvalidInput(
            f"{where}: no plan is in this page. Only a card that StableNew wrote as HTML has one.", where
        )
    return plan
