"""The index: a row a rule. The order is that in which an editor reads the findings.

Guidelines are cited by number or name only; the words are ours. HDR: T. M. Haladyna, S. M. Downing and M. C. Rodriguez,
"A Review of Multiple-Choice Item-Writing Guidelines for Classroom Assessment", Applied Measurement in Education 15(3),
2002, table 1. NBME: National Board of Medical Examiners, *NBME Item-Writing Guide*, its list of technical item flaws.
"""

from __future__ import annotations

from chatbot.quizzes.lint import cues, doses, sources, stem_form, structure, supported, whole_set, wording
from chatbot.quizzes.lint.rule import Rule, SetRule

ITEM_RULES: tuple[Rule, ...] = (
    Rule("not-one-key", "block", "HDR 19", "Not exactly one option is marked right.", structure.not_one_key),
    Rule("too-few-options", "block", "HDR 18", "Fewer than three options.", structure.too_few_options),
    Rule("duplicate-options", "block", "HDR 22", "Two options say the same, also as numbers: 400 mcg and 0.4 mg.",
         structure.duplicate_options),
    Rule("complex-options", "block", "HDR 9, 25, 26; NBME: none of the above",
         "All or none of the above, both A and B.", structure.complex_options),
    Rule("empty-text", "block", "HDR 11", "A stem or an option without a word or number.", structure.empty_text),
    Rule("too-long", "block", "house; HDR 13", "A text longer than an item can hold.", structure.too_long),
    Rule("active-markup", "block", "house", "Code that a browser could run.", structure.active_markup),
    Rule("hidden-characters", "block", "house",
         "Control, direction or invisible characters: what is read is not what is stored.",
         structure.hidden_characters),
    Rule("duplicate-in-bank", "block", "HDR 4", "The bank already asks this.", structure.duplicate_in_bank),
    Rule("no-evidence", "block", "house; HDR 1", "No quote, or none that says where it is from.", sources.no_evidence),
    Rule("quote-not-verbatim", "block", "house", "The quote does not stand word for word in its source.",
         sources.quote_not_verbatim),
    Rule("key-not-in-evidence", "block", "house; HDR 19", "The key has a word or number that the quote lacks.",
         sources.key_not_in_evidence),
    Rule("key-contradicts-evidence", "block", "house; HDR 19", "The quote denies what the key says, or the reverse.",
         sources.key_contradicts_evidence),
    Rule("distractor-supported", "block", "HDR 19", "A distractor is right too, by the source.",
         supported.distractor_supported),
    Rule("dose-not-in-source", "block", "house",
         "An amount of medicine or a frequency in stem, key or rationale that the source does not give.",
         doses.dose_not_in_source),
    Rule("expired-source", "block", "house", "The source's last good day has passed.", sources.expired_source),
    Rule("markup", "warn", "house", "Tags that the learner would see as they stand.", structure.markup),
    Rule("longest-key", "warn", "HDR 24; NBME: long correct answer", "The key is much the longest option.",
         cues.longest_key),
    Rule("word-echo", "warn", "HDR 28b; NBME: word repeats", "Stem and key share a word that no distractor has.",
         cues.word_echo),
    Rule("absolutes-in-distractors", "warn", "HDR 28a; NBME: absolute terms",
         "Always, never, only stand in distractors and not in the key.", cues.absolutes_in_distractors),
    Rule("grammar-cue", "warn", "HDR 28c; NBME: grammatical cues", "Only the key goes with the stem's grammar.",
         cues.grammar_cue),
    Rule("not-parallel", "warn", "HDR 23; NBME: language not parallel", "One option differs from the others in form.",
         cues.not_parallel),
    Rule("unordered-numbers", "warn", "HDR 21; NBME: numeric data not stated consistently",
         "Amounts run neither up nor down.", cues.unordered_numbers),
    Rule("vague-quantifier", "warn", "NBME: vague frequency terms", "An option says often, usually, rarely.",
         cues.vague_quantifiers),
    Rule("negative-stem", "warn", "HDR 17; NBME: negatively phrased stem", "The stem asks for what is not so.",
         stem_form.negative_stem),
    Rule("unfocused-stem", "warn", "HDR 14, 15; NBME: cover-the-options rule",
         "The stem asks nothing by itself.", stem_form.unfocused_stem),
    Rule("overlong-stem", "warn", "HDR 13, 16", "More than 35 words (Swahili: 30).", stem_form.overlong_stem),
    Rule("hard-to-read", "warn", "HDR 8; Kincaid et al. 1975",
         "Above grade 6; in Swahili, long sentences or long words.", wording.hard_to_read),
    Rule("us-units", "warn", "house", "Pounds, ounces, inches, feet, Fahrenheit.", wording.us_units),
)
SET_RULES: tuple[SetRule, ...] = (
    SetRule("repeated-stem", "block", "HDR 4", "Two items of the quiz ask the same.", whole_set.repeated_stem),
    SetRule("similar-stems", "warn", "HDR 4", "Two items ask nearly the same.", whole_set.similar_stems),
    SetRule("answer-given-away", "warn", "HDR 4", "One item's stem tells another's key.", whole_set.answer_given_away),
    SetRule("unbalanced-keys", "warn", "HDR 20", "One place holds the key in more than 45 % of five or more items.",
            whole_set.unbalanced_keys),
    SetRule("topics-missing", "warn", "HDR 1, 2", "A topic that the quiz was to cover has no item.",
            whole_set.topics_missing),
    SetRule("topic-too-big", "warn", "HDR 1, 2", "One of several topics takes more than 60 % of the quiz.",
            whole_set.topic_too_big),
)
RULES: tuple[Rule | SetRule, ...] = (*ITEM_RULES, *SET_RULES)


def rows() -> list[tuple[str, str, str, str]]:
    """Id, severity, what it finds and its source, for the table in the docs."""
    return [(rule.id, rule.severity, rule.about, rule.source) for rule in RULES]
