"""Words that decide whether a full stop ends an English sentence, as one sorted table that a kernel can search.

General and geoscience abbreviations are listed by what may follow them. A word of the table is found by its 32-bit FNV-1a
hash (public domain, Fowler, Noll and Vo): a stranger that collides is as rare as 1 word in 10 million.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import JOINER, LETTER, MARK, NUMBER, OPENER, SPACE, flags_at, flags_before
from corpusforge.text.kernels import kernel
from corpusforge.text.lines import is_list_number

NEVER_LAST = 1
"""Something belonging to it always follows: "Dr.", "Fig.", "cf."."""
SELDOM_LAST = 2
"""It ends a sentence only where a word follows that begins sentences: "etc.", "Fm.", "al."."""
BEFORE_NUMBER = 4
"""An abbreviation only before a number: "No. 5", but "The answer is no. We"."""
STARTER = 8
"""A word that begins sentences and is hardly ever a name. "He", "So" and "An" are surnames in author lists."""
LABEL = 16
"""With a number it labels what follows: "Fig. 3. Map of the basin"."""

_ROLE_BITS = 5
_WORDS = {
    NEVER_LAST: """
        dr mr mrs ms mx prof profs rev hon lt col maj capt adm brig cmdr sgt sen rep gov pres fr messrs
        fig figs eq eqs eqn eqns eqtn tab pl pls ref refs sect sects chap chaps suppl
        cf viz vs i.e e.g ie eg ca circa approx resp incl excl esp wt vol vols ser ed eds transl nr hwy rte rt bldg
    """,
    SELDOM_LAST: """
        al etc et ibid op cit loc jr sr inc ltd co corp bros univ inst dept assoc soc acad natl nat intl int am amer lond
        geol geophys geochem geochim cosmochim geogr petrol stratigr paleont palaeont paleontol palaeontol
        micropaleontol sedimentol tectonophys volcanol seismol hydrol hydrogeol meteorol oceanogr glaciol climatol
        sci lett res phys chem phil trans metall engng j jour bull mem proc publ rept surv trib twp rge sta bk
        pers comm anon unpubl lwr upr mid fm fms mb mbs gp gps sgp supergp grp ss ls sh cgl dol congl sst lst slst mdst membr
        camb ord sil dev carb penn perm trias jur cret tert quat pleist holoc eoc olig mioc plioc
        ann annu arch bol bur circ coll conf congr contrib dep depos div econ environ explor fac fed geochron geod geodyn
        geomorphol geotech hist inf investig lith meas misc monogr mus obs pap petr petrogr prelim prog progr prov quart rec
        reg rend sed sedim spec strat struct symp tect tecton terr theor univers vert volc zool bot biol edinb
        palaeogeogr palaeoclimatol palaeoecol palaeoceanogr paleoceanogr quatern equiv undiff incompl cont contd est pop
        dist tp mun cnty mtn mtns rdg pk pks lk spr sprs hbr gl app append deg degs hydraul wisc penna
        sp spp ssp subsp var nov gen aff indet sensu lat elev alt temp conc max min avg
        mt mts st ste ft pt cr ck isl isls riv ave blvd rd sq
        calif colo wyo mont nev ariz okla tex tenn mich minn wis pa va ky ont que alta
        jan feb mar apr jun jul aug sept sep oct nov dec tue tues thu thur thurs
        u.s u.k u.n e.u u.s.a u.s.s.r p.r d.c n.y a.m p.m b.p b.c a.d b.c.e c.e ph.d m.sc b.sc
    """,
    BEFORE_NUMBER: "no nos p pp para paras n v s c t ch sec secs art ext app pts ver fol bd mag long",
    STARTER: """
        the this these those there their they it its in on at from for with within without by of however we our she his
        but and or if when while although though because since as after before during until thus therefore hence
        moreover furthermore nevertheless nonetheless finally first second third also both each every all many most some
        several few other another such two three what which who why where here now then later next today yesterday
        is are was were did can could should would might not yes you your my among according based using given
        despite unlike between under over above below near throughout additionally similarly consequently meanwhile
        instead indeed overall recently generally typically usually
    """,
    LABEL: """
        fig figure tab table step part pl plate chap chapter sect section box app appendix map scheme example exercise
        lesson question problem stop day
    """,
}  # fmt: skip


class Scan(NamedTuple):
    """What the kernels look at: bytes of one document and the tables; `stop` is where the document ends."""

    data: NDArray[np.uint8]
    stop: int
    table: NDArray[np.uint16]
    words: NDArray[np.int64]


@kernel
def hash_word(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """32-bit FNV-1a of data[begin:end], ASCII letters lower-cased."""
    value = 2166136261
    for position in range(begin, end):
        byte = int(data[position])
        lower = byte | 0x20 if 65 <= byte <= 90 else byte
        value = ((value ^ lower) * 16777619) & 0xFFFFFFFF
    return value


@kernel
def roles_of(data: NDArray[np.uint8], begin: int, end: int, lexicon: NDArray[np.int64]) -> int:
    """What lexicon() says of the word data[begin:end]: flags above, 0 for an unknown word."""
    wanted = hash_word(data, begin, end)
    low, high = 0, len(lexicon)
    while low < high:
        middle = (low + high) // 2
        if lexicon[middle] >> _ROLE_BITS < wanted:
            low = middle + 1
        else:
            high = middle
    if low < len(lexicon) and lexicon[low] >> _ROLE_BITS == wanted:
        return int(lexicon[low] & ((1 << _ROLE_BITS) - 1))
    return 0


def words() -> dict[str, int]:
    """Every listed word in lower case, without its last full stop, and its flags."""
    roles: dict[str, int] = {}
    for role, listed in _WORDS.items():
        for word in listed.split():
            roles[word] = roles.get(word, 0) | role
    return roles


@lru_cache(maxsize=1)
def lexicon() -> NDArray[np.int64]:
    """The table for roles_of: hash and flags as one number, sorted: int64[num_words], read-only."""
    entries = []
    for word, roles in words().items():
        data = np.frombuffer(word.encode(), dtype=np.uint8)
        entries.append(hash_word(data, 0, len(data)) << _ROLE_BITS | roles)
    table = np.array(sorted(entries), dtype=np.int64)
    table.flags.writeable = False
    return table


@kernel
def is_abbreviated(scan: Scan, stop: int, following: int, begin: int) -> bool:
    """Whether the full stop at `stop` belongs to the word before it rather than to the sentence."""
    data = scan.data
    if is_list_number(data, _after_label(scan, begin, stop), stop):
        return True
    start, num_stops = stop, 0
    while start > begin and (_is_letter(data[start - 1]) or data[start - 1] == 46):
        start -= 1
        num_stops += data[start] == 46
    before = flags_before(data, start, begin, scan.table) if start > begin else SPACE
    if start == stop or before & (LETTER | NUMBER | MARK):
        return False
    roles = roles_of(data, start, stop, scan.words)
    # "J", "U.S", "b.y": letters with stops between, a single one must be a capital
    is_initials = stop - start == 2 * num_stops + 1 and (num_stops > 0 or data[start] <= 90)
    if roles & NEVER_LAST:
        return True
    if roles & SELDOM_LAST or (is_initials and before & (SPACE | OPENER | JOINER)):
        return not _is_starter(scan, following)
    is_number = following < scan.stop and flags_at(data, following, scan.table)[0] & NUMBER > 0
    return roles & BEFORE_NUMBER > 0 and is_number


@kernel
def _after_label(scan: Scan, begin: int, stop: int) -> int:
    """Where the word ends that labels what follows, such as "Fig." or "Table", `begin` if there is none."""
    end = begin
    while end < stop and _is_letter(scan.data[end]):
        end += 1
    if not roles_of(scan.data, begin, end, scan.words) & LABEL:
        return begin
    end += end < stop and scan.data[end] == 46
    return end if end < stop and scan.data[end] == 32 else begin


@kernel
def _is_starter(scan: Scan, begin: int) -> bool:
    """Whether the word at `begin` is capitalised and one that begins sentences."""
    end = begin
    while end < scan.stop and _is_letter(scan.data[end]):
        end += 1
    return end > begin and scan.data[begin] <= 90 and roles_of(scan.data, begin, end, scan.words) & STARTER > 0


@kernel
def _is_letter(byte: int) -> bool:
    return 97 <= byte | 0x20 <= 122
