"""Lines that stand beside texts on the web and belong to none: share this, related stories, copyright, in English and Chinese.

Only short lines are asked, so that a sentence of an article may use the same words.
"""

import re

# Words of the longest line that is taken for a notice; Chinese characters count as words.
_NOTICE_WORDS = 40
# And of its characters: the patterns take quadratic time.
_NOTICE_CHARACTERS = 300
_LABEL_WORDS = 12

# Labels and buttons: at most a dozen words, and no sentence.
_LABELS = r"""
advert(isement|ising|orial)?s?\b.{0,40}
sponsored( (content|by).*)?
promoted.{0,20}
big box advertisement
(continue reading|read (more|also|next|full|the (full|rest|original))|(story|article) continues|keep reading)\b.*
(more|most|latest|top|must) (from|popular|read|reads|on|in|stories|news|recent|shared|headlines)\b.*
trending.*
more
related( (\w+ ?){1,4})?
see also\W.{0,80}
also read.*
recommended.*
you (may|might) also.*
don'?t miss.*
web links
(share|tweet|e-?mail|print|pin|save)( (this|on|via|your|by|it)\b.*)?
share\W.{0,20}
like (this|loading).{0,40}
like it\?.*
(\d+ )?comments?( \(?\d+\)?)?
(post|add|leave|view|read|write) (a |your |all )?(\d+ )?(comments?|reply)\b.*
(sign up|subscribe|register|log ?in|sign in)\b.*
click (here|for|to)\b.*
source\s?[:：].*
(tags?|categor(y|ies)|topics?|keywords?|tagged)\s?[:：].*
by\s?:? [A-Z]\S*( [A-Z]\S*){0,4}
\d+ (comments?|shares?|views?|likes?|min(ute)?s? read)
\(?updated .{0,60}\)?
(previous|next)( (post|article|story|page|entry))?
back to (top|.{0,20})
top|close|caption|home|menu|skip to .*|loading
contents|table of contents|on this page|目录|目次|本页目录
(点击|阅读|热点|热门|新闻|本周|本月)(排行|排名)榜?
watch( now| more| the video|\W).*
play video.*
replay
\(\d{1,3}[a-z]?\)
enlarge( image)?
view (gallery|slideshow|photos).*
slideshow.*
image \d+ of \d+
\d+\s?(/|of)\s?\d+
(in this article|was this article helpful).*
stay connected.*
\S+@\S+\.\w+
(作者|记者|記者|文/图|文|图)\s?[:：/].{0,20}
(标签|標籤|关键词|關鍵字|关键字|栏目|分类)\s?[:：].*
(字号|字體|字体|调整字体|調整字體|【?大 ?中 ?小】?).{0,12}
(赞|踩|顶|支持|反对)\s?\(?\d*\)?
(展开|收起)(全文|阅读)?
"""
# What a site says below or beside every text of it, in sentences too.
_NOTICES = r"""
join the (discussion|conversation).*
follow (us|me|him|her|@\w+|\w+ \w+ on|\w+ on)\b.*
(sign up|subscribe) (to|for|now|today|here)\b.*
((photo|image|picture|video)s?( (credit|copyright|by|courtesy|source))?|credit)s?\s?[:：].*
image copyright .*
(file )?(photo|photograph|picture|image|pic)s?( by)?\s?[:/].*
getty images.{0,30}
copyright\b.*
©.*
\(c\) .*
not to be reproduced.*
for more information about reprints.*
(filed under|posted in)\b.*
also included in\W.*
main category\W.*
(first )?(posted|published|updated|last updated|last modified|written|created|submitted)\s?(by|on|in|at|[:：]).{0,120}
first (posted|published).*
short url\W.*
report (a |an )?(typo|error|abuse).*
(have|got) a (tip|story).*
to contact the (reporter|editor|author)s?\b.*
(资料图|资料照片|图为|图片说明).{0,60}
.{2,30}(摄|攝)
(本文)?(责任)?(编辑|編輯|責編|责编|責任編輯|實習編輯|审核|校对)\s?[:：/].*
[(（【\[](责任)?(编辑|編輯|责编|責任編輯|作者|来源|來源|本文来源).*[)）】\]]
(文章|新闻|稿件|信息|资料|本文|图片|圖片)?(来源|來源|出处)\s?[:：].*
(发布|發佈|发表|更新|发稿|上传)(时间|日期|時間)\s?[:：].*
(19|20)\d\d\s?[-年/.]\s?\d{1,2}\s?[-月/.]\s?\d{1,2}日?(.{0,3}\d\d?:\d\d.{0,30})?
(19|20)\d\d\s?[-年/.]\s?\d{1,2}\s?[-月/.]\s?\d{1,2}.{0,10}(来源|來源).{0,30}
.{0,6}(分享到|分享至|分享给|分享工具|分享按钮|转发到|一键分享|推荐给朋友).{0,20}
.{0,6}(我要评论|我要評論|发表评论|發表評論|查看评论|网友评论|相关评论).{0,20}
(相关|相關|延伸|推荐|推薦|更多|热门|熱門|最新|精彩)(新闻|新聞|阅读|閱讀|文章|报道|報導|链接|連結|专题|專題)(\s?[:：>].{0,40})?
(相关|相關|推荐|推薦|更多|热门|熱門|猜你)(资讯|内容|推荐|喜欢|图片|标签|搜索)(\s?[:：>].{0,40})?
(上|下)一(篇|页|頁|条)\s?[:：]?.{0,40}
(返回|回到)(首页|顶部|列表).*
.{0,4}(打印|关闭|收藏)(本页|本文|窗口).{0,10}
.{0,12}(版权|版權)(所有|声明|聲明|与免责).*
.{0,8}(免责|免責)?(声明|聲明)\s?[:：].*
.{0,10}未[经經].{0,10}(授权|授權|许可|同意).*(转载|轉載|複製|复制).*
(您?(现在|当前)的?|当前)位置\s?[:：].*
you are (here|(the )?visitor)\b.*
.{0,20}best viewed (with|in|at)\b.*
(扫码|扫一扫|扫描二维码|关注微信|微信公众号|官方微博|欢迎关注|投稿|爆料|客服|热线|电话)\s?.{0,30}
(点击|點擊)(查看|进入|图片|下载|此处|這裡).{0,20}
(本文)?共\s?\d+\s?页.*
首页 .*尾页.*
没有相关.*
跟贴.*
网友评论仅供.*
(已有)?\d+人(参与|评论|推荐).*
阅读(全文|原文).*
"""
# The same amid other words. Such a pattern is tried at each word of a line, so only where one of the signs is in it.
_EMBEDDED = r"""
.*\b(follow|find|like|join) (us|him|her|me|\w+) on (twitter|facebook|instagram|google)\b.*
.*\b(get|receive|sign up for|subscribe to) .{0,60}newsletters?\b.*
.*\ball rights reserved
.*\bmay not be (published|reproduced|broadcast|copied)\b.*
.*\bfollow any (responses|comments) to this.*
.*不代表本.{0,4}(观点|立场|觀點|立場).*
"""
_SIGNS = (
    *("twitter", "facebook", "instagram", "google", "newsletter", "rights reserved", "may not be", "follow any"),
    "不代表本",
)
# Headings behind which other texts begin.
_ENDS = r"""
(related|recommended|similar|popular|trending|latest|more|other|recent|top)( \S+){0,4} (articles?|stories|posts?|news|headlines)
(related|recommended|similar|popular|latest|more|top)( \S+){0,3} (reading|links|coverage|content|videos?|topics)
you (may|might) (also )?(like|be interested)\b.{0,40}
more (from|on|in|like|stories)\b.{0,40}
most (read|popular|viewed|shared|recent)\b.{0,40}
(what to read next|read next|up next|recommended( for you)?|also on|around the web|from the web|must reads?)\b.{0,40}
stay connected( with .{0,30})?
about the authors?
top news|web links
(相关|相關|延伸|推荐|推薦|更多|热门|熱門|最新|精彩|其他|其它|今日|编辑)(的)?(新闻|新聞|阅读|閱讀|文章|报道|報導|报导|链接|連結)\s?[:：>]?
(相关|相關|推荐|推薦|更多|热门|熱門|最新|精彩|其他|其它|今日|编辑)(的)?(专题|專題|资讯|内容|推荐|热点|图片)\s?[:：>]?
(本網|.{0,12})?(版權|版权)(與|与)(免責|免责)(聲明|声明)\s?[:：]?
((特别|免责|版权|郑重)(声明|聲明)\s?[:：]?|(声明|聲明)\s?[:：])
猜你喜欢
分享到\s?[:：]?
上一篇.{0,40}
"""
_COMMENTS = r"""
(\d+ |reader'?s?'? |top rated |latest |recent |user |all )?(comments?|trackbacks?)( \(?\d+\)?)?
(\d+ )(responses?|replies|thoughts)( (to|on)\b.{0,80})?
(leave|post|add|write|submit) (a |your )?(comment|reply|response)s?\b.{0,40}
here'?s what other readers have said.*
join the (discussion|conversation).*
what you should know about comments.*
the comments below .*
(网友|最新|热门|我要|发表|發表|用户|读者|全部|精彩|參與|新聞)?(评论|評論|留言|跟帖|跟贴)(列表|区|規範|\(\d+\))?\s?[:：]?
"""


def _any_of(patterns: str) -> re.Pattern[str]:
    """A pattern that matches what one of the lines matches, whatever marks stand around it."""
    return re.compile(r"(?i)\W{0,8}(?:" + "|".join(patterns.strip().split("\n")) + r")\W{0,8}")


_LABEL = _any_of(_LABELS)
_NOTICE = _any_of(_NOTICES)
_EMBEDDED_NOTICE = _any_of(_EMBEDDED)
_END = _any_of(_ENDS)
_COMMENT = _any_of(_COMMENTS)
_NUMBERED = re.compile(
    r"(?i)\W*(?:(?:supplementary |extended data )?(?:fig|figure|table|tab|scheme|plate|box|map|chart|diagram|photo)s?\b\.?\s*"
    r"(?:S?\d|[A-Z]\b|[IVX]+\b)"
    r"|(?:附?[图圖表]|照片|插图|示意图)\s*(?:\d|[一二三四五六七八九十]|[A-Z]))"
)


def is_notice(text: str, num_words: int) -> bool:
    """Whether a line is one that stands beside texts: is_notice("Share this story!", 3)."""
    if num_words > _NOTICE_WORDS or len(text) > _NOTICE_CHARACTERS:
        return False
    if _NOTICE.fullmatch(text) or _has_notice(text):
        return True
    return num_words <= _LABEL_WORDS and not text.endswith((".", "。")) and bool(_LABEL.fullmatch(text))


def _has_notice(text: str) -> bool:
    lower = text.lower()
    return any(sign in lower for sign in _SIGNS) and bool(_EMBEDDED_NOTICE.fullmatch(text))


def begins_others(text: str, num_words: int) -> bool:
    """Whether a line introduces other texts that follow: begins_others("Related stories", 2)."""
    return num_words <= _LABEL_WORDS and len(text) <= _NOTICE_CHARACTERS and bool(_END.fullmatch(text))


def begins_comments(text: str, num_words: int) -> bool:
    """Whether a line introduces comments of readers: begins_comments("12 comments", 2)."""
    return num_words <= _LABEL_WORDS and len(text) <= _NOTICE_CHARACTERS and bool(_COMMENT.fullmatch(text))


def is_numbered_caption(text: str) -> bool:
    """Whether a caption is one that a text refers to, as "Figure 3. Map of ..." is; other captions describe a photograph."""
    return bool(_NUMBERED.match(text))
