"""Names of languages: from the labels of language models to short codes.

lid.176 says "__label__en", GlotLID and OpenLID "__label__eng_Latn"; recipes say en. ISO 639-1 has a code of two letters for 183
languages. Models name some of them by their main variety (cmn for Chinese, arb for Arabic), which is mapped too.
"""

_PREFIX = "__label__"

# ISO 639-3 and ISO 639-1 codes in turn, varieties behind the languages they stand for.
_CODES = (
    "aar aa abk ab afr af aka ak twi tw amh am ara ar arb ar arg an asm as ava av ave ae aym ay ayr ay aze az azj az bak ba "
    "bam bm bel be ben bn bis bi bod bo bos bs bre br bul bg cat ca ces cs cha ch che ce chu cu chv cv cor kw cos co cre cr "
    "cym cy dan da deu de div dv dzo dz ell el eng en epo eo est et ekk et eus eu ewe ee fao fo fas fa pes fa fij fj fin fi "
    "fra fr fry fy ful ff gla gd gle ga glg gl glv gv grn gn gug gn guj gu hat ht hau ha heb he her hz hin hi hmo ho hrv hr "
    "hun hu hye hy ibo ig ido io iii ii iku iu ile ie ina ia ind id ipk ik isl is ita it jav jv jpn ja kal kl kan kn kas ks "
    "kat ka kau kr kaz kk khm km kik ki kin rw kir ky kom kv kpv kv kon kg kor ko kua kj kur ku kmr ku lao lo lat la lav lv "
    "lvs lv lim li lin ln lit lt ltz lb lub lu lug lg mah mh mal ml mar mr mkd mk mlg mg plt mg mlt mt mon mn khk mn mri mi "
    "msa ms zsm ms mya my nau na nav nv nbl nr nde nd ndo ng nep ne npi ne nld nl nno nn nob nb nor no nya ny oci oc oji oj "
    "ori or ory or orm om gaz om oss os pan pa pli pi pol pl por pt pus ps pbt ps que qu quz qu roh rm ron ro run rn rus ru "
    "sag sg san sa sin si slk sk slv sl sme se smo sm sna sn snd sd som so sot st spa es sqi sq als sq srd sc srp sr ssw ss "
    "sun su swa sw swh sw swe sv tah ty tam ta tat tt tel te tgk tg tgl tl tha th tir ti ton to tsn tn tso ts tuk tk tur tr "
    "uig ug ukr uk urd ur uzb uz uzn uz ven ve vie vi vol vo wln wa wol wo xho xh yid yi ydd yi yor yo zha za zho zh cmn zh "
    "zul zu"
)
_SHORT = dict(zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True))


def short_code(label: str) -> str:
    """A model's label as a code: two letters where ISO 639-1 has them, else the label without its prefix.

    "__label__cmn_Hani" -> "zh", "__label__en" -> "en", "__label__yue_Hant" -> "yue_Hant". The script goes with the long code,
    so Serbian is sr in both of its scripts and Chinese zh in simplified and traditional.
    """
    code = label.removeprefix(_PREFIX)
    language, _, _ = code.partition("_")
    return _SHORT.get(language, language if len(language) == 2 else code)
