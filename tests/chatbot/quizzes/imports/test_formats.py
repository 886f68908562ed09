"""What other programs write: the kinds of question that are read, and why the others are not."""

from __future__ import annotations

import pytest

from chatbot.quizzes.exports import export_quiz
from chatbot.quizzes.imports import CannotImport, Imported, import_items
from tests.chatbot.quizzes.exports.sample import IRON, quiz_of

GIFT = r"""
// A file as Moodle's documentation shows it
$CATEGORY: $course$/Mama

::Iron:: Why are iron tablets \{given\}? {
  = They prevent anaemia # Yes\: iron makes blood.
  ~ They prevent malaria # No.
  ~ %-50% They help with sleep
  #### Ask your nurse.
}

Water is safe to drink {=boiled~raw} every day.

::Essay::Tell about it. {}
Grant is buried here.{FALSE}

Who is buried here?{=Grant =Ulysses}

Match these. {=a -> b =c -> d}

When was it? {#1822:5}

Two are right. {~%50%one ~%50%two ~%-100%three}

[html]<p>What is <b>1 &lt; 2</b>?<br>Say.</p>{=[plain]<b>~false <i>not</i>}

[html]<img src="x.png"> What is it? {=a~b}

No answers here at all.
"""
MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
 <question type="category"><category><text>$course$/top</text></category></question>
 <question type="multichoice">
  <name><text>Iron</text></name>
  <questiontext format="html"><text><![CDATA[<p>Why <b>iron</b>?</p><p>Say &amp; tell.</p>
   <script>alert(1)</script>]]></text></questiontext>
  <single>true</single>
  <answer fraction="0" format="html"><text><![CDATA[<p>Sleep</p>]]></text>
   <feedback format="html"><text>No</text></feedback></answer>
  <answer fraction="100.00000" format="html"><text>Blood</text><feedback format="html"><text/></feedback></answer>
  <tags><tag><text>iron</text></tag><tag><text>iron</text></tag></tags>
 </question>
 <question type="truefalse"><questiontext><text>Yes?</text></questiontext></question>
 <question type="multichoice"><questiontext><text>Several</text></questiontext><single>false</single></question>
 <question type="multichoice"><questiontext><text>Part</text></questiontext>
  <answer fraction="100"><text>a</text></answer><answer fraction="50"><text>b</text></answer></question>
 <question type="multichoice"><questiontext><text>None</text></questiontext>
  <answer fraction="0"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
 <question type="multichoice"><questiontext><text>Odd</text></questiontext>
  <answer fraction="all"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
 <question type="multichoice"><questiontext format="html"><text>x<img src="@@PLUGINFILE@@/x.png"/>
  </text></questiontext></question>
 <question type="multichoice"><questiontext format="html"><text><![CDATA[<img src=x>Look]]></text></questiontext>
  <answer fraction="100"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
 <question type="multichoice"><questiontext><text>File</text>
  <file name="a.png" encoding="base64">AA==</file></questiontext></question>
</quiz>"""


def read(text: str, name: str) -> Imported:
    return import_items(text, name, stage="antenatal")


def test_gift_is_read_as_moodle_reads_it() -> None:
    found = read(GIFT, "gift")
    iron, water, html = found.items
    assert iron.stem == "Why are iron tablets {given}?"
    assert iron.options == ("They prevent anaemia", "They prevent malaria", "They help with sleep")
    assert (iron.key, iron.rationale) == (iron.options[0], ("Yes: iron makes blood.", "No.", ""))
    assert (water.stem, water.options) == ("Water is safe to drink _____ every day.", ("boiled", "raw"))
    assert (html.stem, html.options) == ("What is 1 < 2?\nSay.", ("<b>", "false not"))


def test_other_kinds_of_gift_question_are_skipped_with_their_reason_and_line() -> None:
    reasons = {skipped.place: skipped.reason for skipped in read(GIFT, "gift").skipped}
    assert next(iter(reasons)) == "question 3 (line 14)"
    assert [reason.split(",")[0] for reason in reasons.values()] == [
        "It is an essay", "It is a short answer", "It is matching", "It is numerical",
        "It gives marks for more than one answer", "It needs a picture.", "It has no answers in braces."]


def test_a_true_or_false_question_is_skipped() -> None:
    with pytest.raises(CannotImport, match="true or false"):
        read("Iron helps.{T}", "gift")


def test_moodle_xml_is_read_as_text() -> None:
    found = read(MOODLE, "moodle-xml")
    (item,) = found.items
    assert item.stem == "Why iron?\nSay & tell."
    assert (item.options, item.keys, item.rationale) == (("Sleep", "Blood"), (1,), ("No", ""))
    assert item.tags == ("iron",)


def test_other_moodle_questions_are_skipped_with_their_reason() -> None:
    skipped = read(MOODLE, "moodle-xml").skipped
    assert [one.place for one in skipped] == [f"question {number}" for number in range(2, 10)]
    assert [one.reason for one in skipped] == [
        "It is of another type, not multiple choice.", "It takes several answers.", "It gives part marks.",
        "It has no right answer.", "It gives part marks.", "It has 0 options; 2 to 6 are taken.", "It needs a picture.",
        "It needs a file."]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_of_any_spreadsheet_is_read(separator: str) -> None:
    rows = [["Question", "Option A", "option_b", "choice c", "Answer", "notes"],
            ["Why?", "a", "b", "c", "B", ""], ["By text?", "a", "b", "c", "c", ""], ["", "", "", "", "", ""],
            ["Short?", "'=1+1", "b", "", "a"], ["Both?", "a", "b", "c", "A,B" if separator != "," else "A+B"],
            ["Blank key?", "a", "b", "", "C"], ["Twins?", "same", "same", "c", "same"]]
    found = read("\ufeff" + "\r\n".join(separator.join(row) for row in rows), "csv")
    assert [(item.stem, item.key) for item in found.items] == [("Why?", "b"), ("By text?", "c"), ("Short?", "=1+1")]
    assert [(one.place, one.reason.split(";")[0]) for one in found.skipped] == [
        ("row 6", "Its answer is neither the letter nor the text of one of its options."),
        ("row 7", "Its answer is neither the letter nor the text of one of its options."),
        ("row 8", "It has more than one right answer.")]


def test_a_csv_of_our_own_keeps_what_else_an_item_is() -> None:
    item = IRON.model_copy(update={"difficulty": "hard", "bloom": "apply"})
    (found,) = read(export_quiz(quiz_of(item), "csv").content.decode(), "csv").items
    assert (found.difficulty, found.bloom, found.topic, found.tags) == ("hard", "apply", "iron", ("iron", "tablets"))


def test_a_word_that_is_no_difficulty_is_left_out() -> None:
    (item,) = read("question,answer,option_a,option_b,difficulty,bloom\nWhy?,A,a,b,=evil,create\n", "csv").items
    assert (item.difficulty, item.bloom) == ("medium", "remember")


@pytest.mark.parametrize("header", [
    "a,b,c", "question,option_a", ",".join(["question", "answer"] * 200), "x" * 200_000])
def test_a_csv_without_our_columns_is_told_which_they_are(header: str) -> None:
    with pytest.raises(CannotImport) as caught:
        read(f"{header}\n1,2,3\n", "csv")
    assert "question" in caught.value.detail or "CSV" in caught.value.detail
