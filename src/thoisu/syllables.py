"""What a Vietnamese syllable looks like: by this, Vietnamese is told from what only looks like it.

The tables hold spelling, not a word list: a syllable that no word uses (``ngoặp``) passes, a
foreign word rarely does.
"""

import re
import unicodedata

ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph q qu r s t th tr v x"
RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi
    om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uêu uôc uôi uôm uôn uông uôt uơ
    uy uya uych uyên uyêt uyn uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ưt ưu
    ươc ươi ươm ươn ương ươp ươt ươu y ych ynh yt yêm yên yêng yêt yêu
"""
# Before the vowels e, ê, i and y, c is written k, g is written gh, and ng is written ngh.
MISSPELT = "(?:c|ng)[eêiy]|g[eêy]|(?:k|gh|ngh)[aăâoôơuư]"
SYLLABLE = re.compile(
    rf"(?!{MISSPELT})(?:{'|'.join(ONSETS.split())})?(?:{'|'.join(RIMES.split())})"
)
TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0303": "ngã", "\u0309": "hỏi", "\u0323": "nặng"}
TONE = re.compile(f"[{''.join(TONES)}]")
STOPS = ("c", "ch", "p", "t")


def is_syllable(word: str) -> bool:
    """Tell whether a word can be a Vietnamese syllable: its letters, tone mark and capitals."""
    if word not in (word.lower(), word.capitalize(), word.upper()):
        return False
    marked = unicodedata.normalize("NFD", word.lower())
    tones = TONE.findall(marked)
    toneless = unicodedata.normalize("NFC", TONE.sub("", marked))
    if len(tones) > 1 or not SYLLABLE.fullmatch(toneless):
        return False
    return not toneless.endswith(STOPS) or (bool(tones) and TONES[tones[0]] in ("sắc", "nặng"))
