"""The rules of notation, and how their findings are stated."""

from pathlib import Path

from tests.notation.lint_scores import bar, score, sign

from partimento.notation.lint import RULES, Finding, check_score


def test_there_are_many_rules_with_ids_of_their_own():
    assert len({rule.id for rule in RULES}) == len(RULES) >= 15
    assert {rule.severity for rule in RULES} == {"error", "warning", "music"}
    assert all(rule.text.endswith(".") for rule in RULES)


def test_findings_are_in_the_order_of_the_score():
    bad = score(bar([sign("whole", "F#4")]), bar([sign("128th", "F#4")]), final=False)
    findings = [finding for finding in check_score(bad) if finding.severity != "music"]
    assert [(f.rule, f.bar) for f in findings] == [
        ("accidental", "1"),
        ("final-bar-line", "2"),
        ("short-value", "2"),
        ("accidental", "2"),
    ]
    assert str(findings[0]) == "part 1, bar 1, voice 1: error accidental: F#4 needs an accidental"
    assert isinstance(findings[0], Finding)


def test_rules_can_be_chosen():
    bad = score(bar([sign("whole", "F#4")]), final=False)
    chosen = [rule for rule in RULES if rule.id == "final-bar-line"]
    assert [finding.rule for finding in check_score(bad, chosen)] == ["final-bar-line"]
    assert check_score(score(bar([sign("whole")]))) == []


def test_the_guide_lists_the_rules():
    guide = Path(__file__).parents[2] / "docs" / "guides" / "notation.md"
    rows = [f"| `{rule.id}` | {rule.severity} | {rule.text} |" for rule in RULES]
    assert guide.read_text().splitlines()[-len(rows) :] == rows
