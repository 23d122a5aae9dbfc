"""What rests on the word of a student's process is known, written down, and never all that a check asks."""

from __future__ import annotations

from tests.support.own_word import PAGE, rows, section, table


def test_the_page_lists_what_rests_on_the_process_s_own_word() -> None:
    assert section(PAGE.read_text(encoding="utf-8")) == table(), "run python -m tests.support.own_word"


def test_no_check_is_earned_by_a_lie_alone() -> None:
    """What looks at nothing else is a side check, which earns nothing without right numbers."""
    assert [row for row in rows() if row.alone] == []
