"""Words by which a page gives away what a line or a page is, in the languages of the region and its neighbours.

One line a language, phrases divided by commas; a phrase is a regular expression, a space in it any white space.
"""

from __future__ import annotations

import re


def any_of(phrases: str, *, before: str = "", after: str = "") -> re.Pattern[str]:
    """One expression for all phrases of a table; `before` and `after` are expressions around them."""
    rows = (row.partition(":")[2] for row in phrases.strip().splitlines())
    found = (phrase.strip().replace(" ", r"\s+") for row in rows for phrase in row.split(", "))
    return re.compile(f"{before}(?:{'|'.join(filter(None, found))}){after}", re.I)


CREDIT = any_of(
    r"""
    en: photos?, photo credit, photograph(?:y|s)?, photo by, image, image credit, picture, pictures
    de: fotos?, bild
    ru: фото, снимок
    uz: rasm, surat, foto, расм, сурат
    ky: сүрөт
    kk: сурет
    tg: акс, сурат, суръат
    tr: fotoğraf
    fa: عکس, تصویر
    ps: انځور
    ar: صورة, الصورة
    """,
    before=r"(?:^|[.!?…»”\")]\s+|[(\[/|]\s*)",
    after=r"\s*[:：/©—–-]",
)
"""Before a picture's author: `Photo: agency`."""

LICENCE = any_of(
    r"""
    any: ©, public domain, creative commons, \bcc[- ]by\b, getty images, shutterstock, wikimedia
    en: screenshot, screengrab
    ru: скриншот
    pl: (?:^|\s)fot\. ?[A-ZĄ-Ż]
    """
)
"""Whose a picture is and who may use it."""

IN_PICTURE = any_of(
    r"""
    en: pictured
    ru: на фото, на снимке
    uz: suratda, суратда
    ky: сүрөттө
    kk: суретте
    """,
    before="^",
    after=r"\b",
)

READ_ALSO = any_of(
    r"""
    en: read (?:also|more|next), also read, see also, related(?: (?:articles?|stories|news|topics))?
    en: more (?:on|from|stories|news), recommended(?: (?:for you|stories|articles))?
    ru: читайте(?=:), читайте (?:также|ещё|еще)
    ru: читать (?:также|далее|ещё|еще), смотрите также, по теме, материалы по теме
    ru: ранее по теме, похожие (?:новости|материалы), другие новости, ссылки по теме
    uz: shuningdek[,:]? o.qing, mavzuga oid, шунингдек[,:]? ўқинг, мавзуга оид
    ky: дагы окуңуз, ушул темада, тагын окуңуз
    kk: тағы оқыңыз, осы тақырыпта, тақырыпқа сай
    tg: ҳамчунин хонед, инчунин хонед, бештар хонед
    tr: ayrıca okuyun, bunlar da ilginizi çekebilir, ilgili haberler
    fa: بیشتر بخوانید, همچنین بخوانید
    ps: نور ولولئ
    ar: اقرأ أيضا, اقرأ أيضًا, اقرأ المزيد
    de: lesen sie (?:auch|mehr), mehr zum thema
    pl: czytaj (?:też|także|więcej), zobacz (?:też|także)
    fr: (?:à )?lire aussi
    es: lea también
    pt: leia (?:também|mais)
    it: leggi anche
    el: διαβάστε (?:επίσης|ακόμη)
    """,
    before=r"^[\W_]*",
    after=r"(?:\b|[:：!…]|$)",
)

FOLLOW = any_of(
    r"""
    en: join us, follow (?:us|\S+ on), subscribe, sign up
    ru: подписывайтесь, подпишитесь, присоединяйтесь, следите за, вступайте
    uz: kuzatib boring, obuna bo, обуна бўл, кузатиб боринг
    ky: каналга кош, жазылың
    kk: жазылың, каналымызға
    tg: обуна шавед, пайравӣ
    tr: takip edin, abone ol
    fa: دنبال کنید, عضو شوید
    ar: تابعونا, اشترك
    """
)
CHANNEL = any_of(
    r"""
    any: telegram, facebook, instagram, twitter, whatsapp, youtube, viber, newsletter
    ru: телеграм, фейсбук, инстаграм, вконтакте, рассылк
    fa: تلگرام, فیسبوک, فېسبوک
    """
)
"""Together with `FOLLOW`: an invitation to a channel."""

NOTICE = any_of(
    r"""
    en: cookies? (?:policy|notice|settings), (?:we|this (?:site|website)) uses? cookies, accept (?:all )?cookies
    en: all rights reserved, enable javascript, javascript is disabled, your browser does not support
    en: unauthori[sz]ed (?:use|reproduction), ctrl\s*[+-]?\s*enter, >>+\s*$
    ru: использу(?:ем|ет) (?:файлы )?cookie, все права защищены
    ru: выделите (?:её|ее|его|фрагмент|текст)
    ru: (?:при|в случае) (?:\w+ ){0,3}(?:использован|перепечат|копирован)[^.]{0,120}ссылк
    uz: barcha huquqlar himoyalangan, барча ҳуқуқлар ҳимояланган
    tr: tüm hakları saklıdır
    zh: 未經授權
    """
)

BUTTON = any_of(
    r"""
    en: print(?: this)?(?: page| article)?, share(?: this)?(?: article| on .*)?
    en: dismiss, news, advertisement, sponsored, comments?
    ru: распечатать, версия для печати, поделиться.*, реклама, комментарии, новости, на правах рекламы
    uz: ulashish, reklama, izohlar, улашиш, реклама, изоҳлар
    ky: бөлүшүү, жарнама
    kk: бөлісу, жарнама
    tr: paylaş, reklam, yorumlar
    fa: اشتراک‌گذاری, تبلیغات, چاپ
    ar: مشاركة, إعلان, طباعة
    """,
    before=r"^[\W_]*",
    after=r"[\W_]*$",
)
"""What a line consists of that is a button or a label."""

BY = any_of(
    r"""
    en: by, written by, text by, author
    de: von, autor(?:in)?
    fr: par, auteur
    es: por, foto y texto, autor
    it: di, da
    pl: od, autor(?:ka|zy)?
    ru: автор(?:ы)?, текст, подготовил[аи]?, корреспондент
    uz: muallif(?:lar)?, tayyorladi, муаллиф(?:лар)?
    ky: автор(?:у|лор)
    kk: автор(?:лары|ы)
    tg: муаллиф(?:он|и)?
    tr: yazar, yazan, haber, muhabir
    fa: نویسنده, نويسنده, نویسندگان, گزارشگر, گزارش, خبرنگار
    ps: لیکوال, ليکوال
    ar: كتبه, كتب, بقلم, الكاتب
    """,
    before="^",
    after=r"(?:\s*[:：.–—-]\s*|\s+)",
)

UPDATED = any_of(
    r"""
    en: (?:last )?(?:updated|modified|changed), update
    de: (?:zuletzt )?(?:aktualisiert|geändert)
    fr: mis à jour
    es: actualizado
    ru: обновлено, изменено, последнее обновление
    uz: yangilangan, yangilandi, янгиланган, янгиланди
    ky: жаңыланды, жаңыртылды
    kk: жаңартылды, жаңартылған
    tg: навсозӣ, нав карда шуд
    tr: güncelleme, güncellendi, son güncelleme
    fa: به.روزرسانی, به.روز رسانی, آخرین ویرایش
    ps: تازه شوی
    ar: آخر تحديث, تحديث
    """,
    before=r"^[\W_]*",
    after=r"\b",
)
"""Before the date of a change."""

AFTER_NAME = any_of(
    r"""
    en: (?:last )?updated, (?:first )?published, posted, view (?:all|author|profile), more (?:by|from|stories)
    en: read more, follow
    ru: опубликовано, обновлено, все материалы, другие материалы, подписаться
    uz: e.lon qilingan, эълон қилинган, yangilangan, янгиланган
    tr: güncelleme, yayınlanma
    de: aktualisiert, veröffentlicht
    """,
    before=r"(?:^|\s+)",
    after=r"(?:\b.*)?$",
)
"""What a byline element says behind the name."""

CHALLENGE = any_of(
    r"""
    en: just a moment, checking (?:your|the) (?:browser|connection), attention required, ddos[- ]guard, ddos protection
    en: verify(?:ing)? (?:that )?you are (?:a )?human, are you (?:a )?(?:human|robot), not a robot
    en: pardon our interruption
    en: security check, access denied, request blocked, captcha, one more step
    ru: проверка (?:вашего )?браузера, проверяем (?:ваш )?браузер, один момент
    ru: подтвердите.? что вы не робот, вы не робот
    ru: доступ (?:к сайту )?(?:ограничен|запрещ)
    """
)
CHALLENGE_MARK = any_of(
    """
    any: cf-browser-verification, cf_chl_, cf-challenge, challenge-form, __ddg
    any: ddos-guard\\.net, _incapsula_, px-captcha
    any: g-recaptcha, h-captcha, hcaptcha
    """
)
"""Names of the forms, scripts and fields of such pages."""

MISSING = any_of(
    r"""
    en: \b404\b, (?:page|article|content|post) (?:was |is |could )?not (?:be )?found, no longer (?:available|exists)
    en: nothing (?:was )?found, page (?:does not|doesn.t) exist
    ru: (?:страница|материал|статья|запись|публикация)(?: \w+)? не (?:найден|существует)
    ru: страницы не существует
    uz: sahifa topilmadi, саҳифа топилмади
    ky: барак(?:ча)? табылган жок
    kk: бет табылмады, парақша табылмады
    tg: саҳифа (?:ёфт|пайдо) нашуд
    tr: sayfa bulunamadı
    fa: صفحه(?: مورد نظر)? (?:یافت|پیدا) نشد
    ps: پاڼه ونه موندل شوه
    ar: الصفحة غير موجودة, لم يتم العثور
    """
)

LOGIN = any_of(
    r"""
    en: (?:log|sign) ?in to (?:continue|read|view|access), (?:log|sign) ?in required, please (?:log|sign) ?in
    en: subscribers? only, to continue reading
    ru: войдите.? чтобы, авторизуйтесь, требуется (?:вход|авторизация), вход на сайт
    ru: только для (?:подписчиков|зарегистрированных)
    uz: tizimga kiring, тизимга киринг
    ky: сайтка кириңиз
    kk: кіріңіз
    tr: giriş yapın
    fa: وارد شوید
    ar: تسجيل الدخول
    """
)
