//! One sentence in each of many languages.

/// Our own sentences: code, script, text.
pub(super) const SENTENCES: [(&str, &str, &str); 41] = [
    (
        "en",
        "Latn",
        "The harbour council voted on Tuesday evening to keep the old ferry for another three years.",
    ),
    (
        "fr",
        "Latn",
        "Le conseil municipal a voté mardi soir pour garder l'ancien bac pendant encore trois ans.",
    ),
    (
        "de",
        "Latn",
        "Der Gemeinderat hat am Dienstagabend beschlossen, die alte Fähre noch drei Jahre lang zu behalten.",
    ),
    (
        "es",
        "Latn",
        "El ayuntamiento decidió el martes por la noche mantener el viejo transbordador durante tres años más.",
    ),
    (
        "pt-BR",
        "Latn",
        "A câmara decidiu na terça-feira à noite manter a velha balsa por mais três anos, disse o prefeito.",
    ),
    (
        "it",
        "Latn",
        "Il consiglio comunale ha deciso martedì sera di tenere il vecchio traghetto per altri tre anni.",
    ),
    (
        "nl",
        "Latn",
        "De gemeenteraad heeft dinsdagavond besloten om de oude veerboot nog drie jaar te houden.",
    ),
    (
        "pl",
        "Latn",
        "Rada miasta zdecydowała we wtorek wieczorem, że stary prom będzie pływał jeszcze przez trzy lata.",
    ),
    (
        "ro",
        "Latn",
        "Consiliul local a hotărât marți seara să păstreze vechiul feribot încă trei ani, a spus primarul.",
    ),
    (
        "sv",
        "Latn",
        "Kommunfullmäktige beslutade på tisdagskvällen att behålla den gamla färjan i ytterligare tre år.",
    ),
    (
        "nb",
        "Latn",
        "Kommunestyret vedtok tirsdag kveld at den gamle ferga ikke skal erstattes før om noen år, og hva som skjer da, er uklart.",
    ),
    (
        "fi",
        "Latn",
        "Kaupunginvaltuusto päätti tiistai-iltana pitää vanhan lautan liikenteessä vielä kolme vuotta.",
    ),
    (
        "hu",
        "Latn",
        "A városi tanács kedden este úgy döntött, hogy még három évig megtartja a régi kompot.",
    ),
    (
        "cs",
        "Latn",
        "Městská rada v úterý večer rozhodla, že starý přívoz zůstane v provozu ještě tři roky.",
    ),
    (
        "tr",
        "Latn",
        "Belediye meclisi salı akşamı eski feribotun üç yıl daha çalışmasına karar verdi, dedi başkan.",
    ),
    (
        "vi",
        "Latn",
        "Hội đồng thành phố tối thứ Ba đã quyết định giữ lại chiếc phà cũ thêm ba năm nữa.",
    ),
    (
        "id",
        "Latn",
        "Dewan kota pada Selasa malam memutuskan bahwa kapal feri lama tetap beroperasi tiga tahun lagi karena warga masih membutuhkannya.",
    ),
    (
        "ms",
        "Latn",
        "Majlis bandaran pada malam Selasa memutuskan bahawa feri lama itu terus beroperasi kerana penduduk masih memerlukannya, kata pejabat kerajaan negeri.",
    ),
    (
        "hr",
        "Latn",
        "Gradsko vijeće odlučilo je u utorak navečer da će stari trajekt ploviti još tri godine, a što slijedi prije ljeta, tko zna.",
    ),
    (
        "sw",
        "Latn",
        "Baraza la mji liliamua Jumanne jioni kwamba kivuko cha zamani kitaendelea kufanya kazi kwa miaka mitatu, na watu wa kijiji walifurahi.",
    ),
    (
        "ru",
        "Cyrl",
        "Городской совет во вторник вечером решил оставить старый паром ещё на три года, сообщил мэр.",
    ),
    (
        "uk",
        "Cyrl",
        "Міська рада у вівторок увечері вирішила залишити старий пором ще на три роки, повідомив мер.",
    ),
    (
        "bg",
        "Cyrl",
        "Общинският съвет реши във вторник вечерта да запази стария ферибот още три години, каза кметът.",
    ),
    (
        "sr",
        "Cyrl",
        "Градско веће је у уторак увече одлучило да стари трајект плови још три године, рекао је председник.",
    ),
    (
        "kk",
        "Cyrl",
        "Қалалық кеңес сейсенбі күні кешке ескі паромды тағы үш жылға қалдыру туралы шешім қабылдады.",
    ),
    (
        "ar",
        "Arab",
        "قرر المجلس البلدي مساء الثلاثاء الإبقاء على العبّارة القديمة ثلاث سنوات أخرى، بحسب ما قال العمدة.",
    ),
    (
        "fa",
        "Arab",
        "شورای شهر سه‌شنبه شب تصمیم گرفت که کشتی قدیمی را برای سه سال دیگر نگه دارد، شهردار گفت.",
    ),
    (
        "ur",
        "Arab",
        "شہری کونسل نے منگل کی شام پرانی کشتی کو مزید تین سال تک چلانے کا فیصلہ کیا ہے۔",
    ),
    (
        "ckb",
        "Arab",
        "ئەنجوومەنی شارەوانی لە ئێوارەی سێشەممە بڕیاری دا کە بەلەمە کۆنەکە بۆ سێ ساڵی تر بمێنێتەوە.",
    ),
    (
        "ps",
        "Arab",
        "د ښار شورا د سې شنبې په ماښام پرېکړه وکړه چې زړه بېړۍ به د درېو نورو کلونو لپاره کار کوي.",
    ),
    (
        "he",
        "Hebr",
        "מועצת העיר החליטה ביום שלישי בערב להשאיר את המעבורת הישנה לעוד שלוש שנים, אמר ראש העיר.",
    ),
    (
        "hi",
        "Deva",
        "नगर परिषद ने मंगलवार शाम को पुरानी नाव को तीन साल और चलाने का फैसला किया है।",
    ),
    (
        "bn",
        "Beng",
        "নগর পরিষদ মঙ্গলবার সন্ধ্যায় পুরোনো ফেরিটি আরও তিন বছর চালানোর সিদ্ধান্ত নিয়েছে।",
    ),
    (
        "zh-Hans",
        "Hans",
        "市议会周二晚上决定，旧渡轮将继续运行三年，市长对记者说。",
    ),
    (
        "zh-Hant",
        "Hant",
        "市議會週二晚上決定，舊渡輪將繼續運行三年，市長對記者說。",
    ),
    (
        "ja",
        "Jpan",
        "市議会は火曜日の夜、古いフェリーをさらに三年間運航することを決めた。",
    ),
    (
        "ko",
        "Kore",
        "시의회는 화요일 저녁 낡은 여객선을 삼 년 더 운항하기로 결정했다고 시장이 말했다.",
    ),
    (
        "el",
        "Grek",
        "Το δημοτικό συμβούλιο αποφάσισε την Τρίτη να κρατήσει το παλιό πλοίο για τρία χρόνια ακόμη.",
    ),
    (
        "th",
        "Thai",
        "สภาเมืองมีมติเมื่อคืนวันอังคารให้เรือข้ามฟากลำเก่าแล่นต่อไปอีกสามปี",
    ),
    (
        "ta",
        "Taml",
        "பழைய படகை மேலும் மூன்று ஆண்டுகள் இயக்க நகர சபை செவ்வாய்க்கிழமை முடிவு செய்தது.",
    ),
    (
        "am",
        "Ethi",
        "የከተማው ምክር ቤት አሮጌው ጀልባ ለሦስት ዓመታት እንዲቀጥል ማክሰኞ ምሽት ወሰነ።",
    ),
];
