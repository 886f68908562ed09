"""Words of a question: which carry meaning, which mean the same, how far apart two spellings are."""

from __future__ import annotations

import re

from chatbot.knowledge.swahili_roots import swahili_root

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MAX_CONTENT_WORDS = 30

ENGLISH_STOP_WORDS = frozenset(
    """
    a aunt auntie grandma grandmother grandfather uncle cousin
    about actually advise advised affect affects after again all allowed also always am an and another any anybody
    anyone anything are around as ask asking at away back be because been before being best better brother but by
    came can cannot cause causes come comes compulsory cope could day days dear did do doctor does doing don't done
    during each effect either else even ever every explain few find first for friend friend's from gave get gets
    getting give given gives giving go goes going gonna good got had happen happens has have having he hello help
    her here hers hi him his hour hours how however i i'll i'm i've if in info information into is isn't it it's its
    itself just keep kindly know law let lets like list long lot lying madam made make makes many matter may maybe
    me mean means might more most mrs much must my myself near nearby necessary need needs neighbour never no nor
    normal not now nurse of off ok okay on once one only onto or other others our out over own patient people
    perhaps please possible properly put question really reason reasons recommended right room safe safely said same
    say says see shall she should show since sir sister so some somebody someone something soon still stuff such
    sure take taken takes taking talk tell than thank thanks that that's the their them then there these they thing
    things think this those though through till time to today told tomorrow tonight too treat tried try trying until
    up upon us use used using usually very want wanted wants was way we well went were what what's when where
    whether which while who whom whose why wife will with without won't wondering worried would year years yes
    yesterday yet you your yours
    """.split()
)
SWAHILI_STOP_WORDS = frozenset(
    """
    acha afanye aje ama ambao ambaye ambayo ana anafaa anahitaji anapaswa anashika anaweza anayo apate apewe au
    aweze baada baadaye bado baina bali basi bila cha chake changu dada daktari depi eti gani habari hadi haki hapa
    hapana hapo hasa hata hawa hawezi haya hayo hii hiki hilo hivi hivyo hiyo hufanya huko huo huu huwa huyo huyu
    ikiwa iko ile ili ina inafaa inafanya inahitajika inaitwa inamaanisha inapaswa inasaidia inaweza ingawa ipi ivyo
    jambo jana je jee jinsi juu kabisa kabla kadhaa kama kamili kana kati katika kawaida kesho kiasi kila kina kisha
    kitu kufanya kufanyika kuhusu kumpa kuna kunihusu kupata kusema kushika kutoka kutumia kuwa kwa kwake kwamba
    kwangu kwani kwanza kwenda kwenye la labda lake lakini lako langu lazima leo lile lina lini lipi maana mabaya
    madhara mambo mara mazuri mbaya mbona mimi mingapi mna mnaweza mno moja mpaka mpe muhimu mwingine mzuri na naam
    nahitaji najua nani naomba naombeni napaswa nataka nauliza naweza nawezaje ndani ndio ndiyo ndizo ndugu ni
    nifanye nifanyeje nijue nikishika nikiwa niko nimpe nina ninahitaji ninajua ninaomba ninapaswa ninataka ninaweza
    nini nipaswa nisaidie nisaidieni nitajuaje nyie nyingine nyinyi nzuri ofisi pamoja pekee pia pole sababu sana
    sasa shida si siku sio sisi siwezi swali tafadhali tena tu tuna tunaweza umuhimu una unafaa unajua unapaswa
    unaweza vibaya vile vina vipi vitu vizuri vya vyake vyangu vyema wa wakati wake wako wale wana wanapaswa
    wanaweza wangapi wangu wapi watu wengine wewe wote ya yaani yake yako yale yana yangu yao yeye yoyote yupi za
    zaidi zake zako zangu zao zile zina zingine zipi zote
    """.split()
)
STOP_WORDS = ENGLISH_STOP_WORDS | SWAHILI_STOP_WORDS
_GENERIC_VERBS = "kuanza kufanya kuhitaji kupaswa kupata kusaidia kutaka kutumia kuweza".split()
_STOP_ROOTS = frozenset(swahili_root(verb) for verb in _GENERIC_VERBS)
"""Verbs that say nothing in any of their forms (nifanyeje, wanahitaji, inaanza)."""

_SAME_MEANING = """
    birth childbirth born deliver delivery delivered delivering maternity
    labour labor
    baby babies newborn infant
    child children kid kids
    mother mum mom mama
    pregnant pregnancy expecting conceive conceiving
    fertile fertility infertile infertility conceive
    husband partner boyfriend man
    hospital facility
    caesarean cesarean ceasarean
    vaccine vaccination immunisation immunization jab
    injection jab shot
    anaemia anemia
    pain painful hurts sore ache
    bath bathe bathing
    tummy belly stomach abdomen
    urine pee wee urinate urinating peeing
    stool poop poo stools
    period periods menses menstruation
    scan ultrasound sonogram
    contraceptive contraception contraceptives
    pressure hypertension bp
    sugar diabetes diabetic
    anaemia anaemic anemic
    yellow jaundice
    khat miraa muguka
    coil iud iucd
    implant jadelle
    depo injection
    infertile barren sterile
    smoking smoke cigarette cigarettes tobacco
    wound incision cut
    caesarean cs
    food eat eating diet
    nappy diaper diapers pampers
    colic crying
    kulia analia hulia wanalia akilia
    fits seizures convulsions
    dizzy faint lightheaded
    swollen swelling swell
    vomit vomiting nausea
    sad sadness hopeless empty low
    violence abuse beats hits hurt
    calm soothe
    documents papers
    gap spacing space
    cramps contractions
    true real
    teenage teenager teen adolescent
    tablets pills medicine
    heavy heavily
    breastfeed breastfeeds breastfeeding breastfed nursing
    alcohol wine beer
    exercise running jogging
    travel journey fly flight
    pombe bia
    ubavu upande
    kujifungua kuzaa kuzalia nizae
    uchungu leba
    hospitali hospitalini kituo
    mimba ujauzito mjamzito
    kuuma maumivu yanauma linauma inauma unauma zinauma kinauma unaniuma linaniuma inaniuma kinaniuma naumwa
    huzuni sonona
    kuharisha kuhara kuendesha anaharisha anahara
    choo kinyesi
    presha shinikizo pressure
    kisukari sukari
    upasuaji operesheni caesarean
    chanjo kuchanjwa kudungwa
    kuwashwa nawashwa inawasha anawashwa kuwasha
    kondomu mpira
    lishe mlo chakula
    mume mwanamume bwana
    kidonda jeraha mshono
    kichanga mchanga
    hedhi period
    neti chandarua
    kifua mapafu
    kuota kuchipuka
    titi ziwa matiti
    kujaa kulowa
    kupigwa ananipiga hunipiga amenipiga alinipiga anapiga kunipiga ukatili
    slap slaps slapped hit hits beats violence
    companion alone accompany
    mkojo kojoa nikojoapo nikikojoa kukojoa
"""
_GROUPS = tuple(line.split() for line in _SAME_MEANING.strip().splitlines())
SYNONYMS = {
    word: tuple(other for group in _GROUPS if word in group for other in group if other != word)
    for word in sorted({word for group in _GROUPS for word in group})
}
"""Word -> words that mean the same in a question. Only what neither stems nor roots bring together."""

_IDIOMS = dict(
    line.strip().split(" = ")
    for line in """
    trying for a baby = fertility
    tried for a baby = fertility
    trying to get pregnant = fertility
    tried for a year = fertility
    not getting pregnant = fertility
    fail to get pregnant = fertility
    lose my pregnancy = miscarriage
    lost my pregnancy = miscarriage
    down there = vagina
    c section = caesarean
    c-section = caesarean
    high blood pressure = hypertension pressure
    throw up = vomit
    throwing up = vomit
    belly button = cord
    glass of wine = alcohol
    bottle of beer = alcohol
    mother in law = mother
    back hurts = backache
    back is hurting = backache
    first milk = colostrum
    maziwa ya kwanza = colostrum
    begin clinic = antenatal visit
    start clinic = antenatal visit
    start going to clinic = antenatal visit
    nianze kliniki = antenatal kliniki
    nianze kwenda kliniki = antenatal kliniki
    tumejaribu mwaka = ugumba
    siku za hatari = siku rutuba
    """.strip().splitlines()
)
"""Several words that mean what one word of the cards says."""
_IDIOM = re.compile(r"\b(?:" + "|".join(map(re.escape, _IDIOMS)) + r")\b", re.IGNORECASE)

_NUMBER_WORDS = {
    word: digits
    for digits, names in {
        "2": "two mbili wawili miwili",
        "3": "three tatu watatu mitatu",
        "4": "four nne minne",
        "5": "five tano mitano",
        "6": "six sita",
        "7": "seven saba",
        "8": "eight nane minane",
        "9": "nine tisa",
        "10": "ten kumi",
    }.items()
    for word in names.split()
}


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, in order; numbers up to ten as digits, a possessive without its 's."""
    words = (word.replace("’", "'").removesuffix("'s") for word in _WORD.findall(text.casefold()))
    return [_NUMBER_WORDS.get(word, word) for word in words]


def content_words(text: str) -> tuple[str, ...]:
    """The distinct words that carry the meaning, in order, at most `MAX_CONTENT_WORDS` of them."""
    plain = _IDIOM.sub(lambda found: _IDIOMS[found.group().casefold()], text.replace("’", "'"))
    return tuple(dict.fromkeys(word for word in words_of(plain) if _carries_meaning(word)))[:MAX_CONTENT_WORDS]


def form_of(word: str) -> str:
    """What the forms of one word share, English or Swahili: without a plural or tense, and as a Swahili root."""
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return swahili_root(word.removesuffix(ending))
    return swahili_root(word)


def _carries_meaning(word: str) -> bool:
    if word in STOP_WORDS or (len(word) == 1 and not word.isdigit()):
        return False
    return swahili_root(word) not in _STOP_ROOTS


def edits_between(one: str, other: str) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
