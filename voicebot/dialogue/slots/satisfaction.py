"""满意度: five levels, from the words in which people say how they liked something."""

import re

from voicebot.dialogue.dialect import standard
from voicebot.dialogue.negation import resolve
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain

_VERY = "非常|特别|很|十分|相当|超级|超|太|极其|极度|无比|老|贼拉?"

_NO_MORE = re.compile(
    "不(?:能|可能)(?:再)?(?:更)?(?:满意|好)了|零差评|没有?差评|最满意|何止是?满意"
)
"""不能更满意了: the most there is."""

_NOT_TOLD = re.compile(
    "^(?:这个|那|我)*(?:不好说|说不好|说不清楚?|不知道|不清楚|还没用过?|没用过|还没试|没试过|没注意)"
)
"""Who says so has not judged."""

_ON_THE_WHOLE = re.compile(
    "(?:挺好|很好|满意|不错|都好|喜欢|还好|没问题|可以)(?:的|啊|呢)?(?:就是|只是|唯一|美中不足)"
    "|除了.{1,6}(?:其他|其它|别的|都|样样)(?:方面|的)?.{0,3}(?:好|满意|可以|不错|行)"
    "|(?:不能|不可以|也没)说不满意"
)
"""Satisfied, with something to find fault with: 味道挺好就是贵了点."""

_VERDICT = re.compile(
    "总的来[说讲看]|总体(?:来[说讲看]|上|而言)?|整体(?:来[说讲看]|上|而言)?|综合(?:来[说讲看]|起来)?|总之|(?:给我|就)(?:记|算|填|打)个"
    "|(?:第一|上|头|前)(?:回|次|两次).{1,16}?(?:这[回次]|现在|后来|如今)"
)
"""What follows is the answer, whatever was said before."""

_LEVELS = (
    (
        "neutral",
        "一般",
        "不(?:算)?好也?不(?:算)?坏|扯平|有好有坏|好的地方也?有.{0,3}(?:差|坏|不好)的地方也?有|不(?:算)?坏也?不(?:算)?好|谈不上.{0,4}满意.{0,4}(?:谈不上|不满)"
        "|谈不上(?:多)?(?:满意|不满)|(?:能|可以)接受|无感|勉勉强强|不功不过"
        "|说不上.{0,4}好.{0,3}(?:说不上|也不)|没有?多(?:好|满意)也没有?多(?:坏|差|不)",
    ),
    (
        "very_dissatisfied",
        "非常不满意",
        f"(?:{_VERY})(?:的)?(?:不满意?|失望|生气|恼火|气愤)|极不满意?|(?:一点|完全|根本|压根|哪(?:里|儿)|什么|样样)(?:儿)?(?:都|也|就)?(?:不满意|不好|不行|没有?好)"
        "|(?:太|非常|特别|真|实在|简直|极)(?:是|是太|他妈)?(?:差|烂|糟糕?|垃圾|失望|让人(?:失望|生气|恼火|无语)|离谱|坑|恶心|气人|欺负人|不像话|过分)"
        "|(?:很|好|超|贼|老|十分|相当)(?:差|糟糕?|烂|坑)(?!不多)|差劲|糟透|烂透|气死|气得|垃圾|最差|糟心透|不会再(?:在|去|跟|找)|差到|零分|零颗?星|一颗?星|再也不|不会再(?:买|来)|什么破|差评|一肚子气|很失望|失望(?:透顶|至极|极了)"
        "|坑(?:人|死|爹|钱)|(?:差|烂|糟|坏)得(?:要命|要死|很|不行|一塌糊涂)|一塌糊涂|这也叫|也好意思|无语|受不了|忍无可忍|上当|骗(?:人|子|钱)|气炸|火大|烂(?:货|东西)?(?!漫)|恶劣|差(?:太远|远了)|凭什么",
    ),
    (
        "dissatisfied",
        "不满意",
        "不(?:太|怎么|是很|是太|是特别|大|算|够|那么|甚|尽)?(?:满意|好(?!说)|好用|行|喜欢|理想|合适|舒服|如意|如人意|到位|值)|不满"
        "|没(?:有)?(?:那么|想象中?|预期|说的|宣传)的?(?:那么|么)?(?:满意|好|值)"
        "|(?:有点|有些|比较|挺|稍微)(?:儿)?(?:差|失望|糟糕?|不(?!错|赖|差)|遗憾|坑|闹心)|失望|不咋(?:地|样|的)|不怎么样?|没达到|不如|差点(?:意思|劲)|差(?:了)?(?:一)?点"
        "|满意(?:那|就|才)?(?:是|就是)?(?:假话|骗人|鬼话)|(?:哪能|怎么会|怎么能)会?得?开心|不是几满意|有意见|难用|难吃|难喝|不敢恭维|比.{1,6}差|(?:怎么可能|怎么会|哪能|能)满意|满意(?:个|什么|啥)|有待(?:提高|改进|改善|加强)|一言难尽"
        "|(?<!误)差(?!不多|强|评|异|价|距|点)|太(?:慢|贵|小|薄|硬|酸|苦|甜|咸|辣|吵|重|短|少|麻烦|敷衍)|没.{1,5}好$|糟糕|不值|不及格|糟心|闹心|缩水|货不对板|退步|遗憾|不合格|一般偏下|扣分|后悔",
    ),
    (
        "neutral",
        "一般",
        "一般|还行|还可以|还成|还凑合|凑合|凑活|凑凑合合|马马虎虎|普通|就那样|那么回事|过得去|中等(?!偏上)|中不溜|说不上|差不多|将就"
        "|一半一半|勉强|中规中矩|没(?:啥|什么)(?:感觉|特别|印象)|平平|谈不上|无功无过|不功不过|说得过去|也就这样|就这样吧|及格|差强人意|正常吧|湊合",
    ),
    (
        "very_satisfied",
        "非常满意",
        f"(?:{_VERY}|巨|真的很|百分百|百分之百)(?:的|地)?(?:满意|好(?!几)|喜欢|棒|不错|赞|香|开心|惊喜|可以|值|给力|牛)|完美|满分"
        "|挑不出|没[的得]?挑|没(?:啥|什么)(?:可|好)挑|没(?:得|话|的)说|好极了|满意极了|太棒|无可挑剔|好得(?:不得了|很|没话说)|顶呱呱|五颗?星|一百个满意"
        "|(?:满意|好)(?:得|到)(?:不得了|爆|极|没)|没有?比这更好|惊喜|惊艳|超出.{0,5}预期|好太多|十二万分|太感谢|表扬|(?:推荐|介绍)给|这么好的(?:服务|东西|质量|店|客服)|好得板|棒极|爱了|绝了|绝绝子|物超所值|哪(?:里|儿)都(?:好|满意)|样样都?(?:好|满意)|一级棒|杠杠的|赞不绝口|爱不释手",
    ),
    (
        "satisfied",
        "满意",
        "满意|挺好|不错|不坏|不孬|^中|觉[着得]中|蛮好|喜欢|可以的?|好用|还好|没问题|好的|没毛病|挺棒|不赖|值了|挺值|蛮值|很值|值得|对得起|过关|真心好|都好|挺行"
        "|好评|还会(?:再)?(?:来|买)|回购|比.{1,6}好|符合(?:预期|描述)|靠谱|放心|省心|舒心|顺心|舒服|中等偏上|点赞|给力|不差|没(?:啥|什么|有任何|任何)(?:意见|问题|不好|毛病)|ok|也好|东西好|质量好|服务好|态度好|味道好|效果好|好吃|好喝|好看",
    ),
)
"""Level, how it is read back, and its words; the first that fits counts."""

WEAK = ("好的", "可以", "没问题", "可以的", "还好")
"""Words that may also answer something else."""


def satisfaction(text: str) -> SlotValue | None:
    """Return one of five levels, very_dissatisfied to very_satisfied."""
    # 没得 is 没有 in other dialects, and these two are no denial.
    words = standard(plain(text).replace("没得说", "没话说").replace("没得挑", "没的挑"))
    if _NOT_TOLD.search(words):
        return None
    if (verdict := list(_VERDICT.finditer(words))) and (rest := words[verdict[-1].end() :]):
        found = satisfaction(rest)
        if found is not None:
            return found
    if most := _NO_MORE.search(words):
        return SlotValue("satisfaction", "very_satisfied", most[0], 0.9, False, "非常满意")
    if whole := _ON_THE_WHOLE.search(words):
        return SlotValue("satisfaction", "satisfied", whole[0], 0.8, False, "满意")
    meant = resolve(words)
    for level, spoken, pattern in _LEVELS:
        fits = list(re.finditer(pattern, meant))
        if fits:
            confidence = 0.7 if fits[-1][0] in WEAK else 0.9
            return SlotValue("satisfaction", level, fits[-1][0], confidence, False, spoken)
    return None
