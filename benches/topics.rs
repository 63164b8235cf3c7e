//! Time to tag one article of about 2,000 characters in each shipped language.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use newsstage::text::{Block, Document, DocumentField, Role, Token, ZoneKind, tokenize};
use newsstage::topics::{TopicSettings, TopicTagger};

const ENGLISH: &str = "The prime minister met the foreign ministers of three neighbouring countries on Monday to \
prepare the summit on the river dam. The talks lasted six hours and ended without a joint statement. According to a \
government spokesman, the delegations agreed on the volume of water that may be held back in dry years, but not on \
who is to measure it. The opposition accused the cabinet of giving away more than it had been given a mandate for, \
and asked for a debate in parliament before the treaty is signed.\n\nFarmers along the lower river followed the talks \
with concern. Many of them have lost a third of their harvest since the drought began, and the price of wheat has \
doubled within a year. A baker in the old town said that he had stopped selling on credit. The central bank expects \
inflation to stay above eight per cent until the summer.\n\nIn the evening several hundred people marched to the \
embassy and called for an end to the project. The police closed two streets, and nobody was hurt. A student who had \
come with her brothers said that the dam was not the problem; what she wanted was that somebody should explain it to \
those who live below it. The mayor promised a meeting in the school hall next week.\n\nEngineers say that the wall \
could be finished within four years. It would be the largest in the region, with room for twelve turbines and a \
fish ladder that was added after protests by environmental groups. Two villages would have to move. Their \
inhabitants were offered new houses on the plateau, with a clinic, a mosque and a road that does not exist yet. \
Some have already gone to look at the place and come back silent.\n\nThe next round of talks is planned for autumn, \
this time with observers from the United Nations. Until then each side will keep its own figures, as it has done \
for thirty years, and the river will go on rising in spring and falling in August, whatever the figures say.";

const ARABIC: &str = "التقى رئيس الحكومة يوم الاثنين وزراء خارجية ثلاث دول مجاورة للتحضير للقمة الخاصة بسد النهر. \
واستمرت المحادثات ست ساعات وانتهت من دون بيان مشترك. وقال ناطق باسم الحكومة إن الوفود اتفقت على كمية المياه التي \
يجوز حجزها في سنوات الجفاف لكنها لم تتفق على الجهة التي تقيسها. واتهمت المعارضة الوزراء بتقديم تنازلات تتجاوز \
صلاحياتهم وطالبت بنقاش في البرلمان قبل توقيع المعاهدة.\n\nوتابع المزارعون على ضفاف النهر هذه المحادثات بقلق، فقد \
خسر كثير منهم ثلث محاصيلهم منذ بداية الجفاف وتضاعف سعر القمح خلال عام واحد. وقال خباز في المدينة القديمة إنه توقف عن \
البيع بالدين. ويتوقع البنك المركزي أن يبقى التضخم فوق ثمانية بالمئة حتى الصيف.\n\nوفي المساء سار مئات الأشخاص نحو \
السفارة مطالبين بوقف المشروع. وأغلقت الشرطة شارعين ولم يصب أحد بأذى. وقالت طالبة جاءت مع إخوتها إن السد ليس هو \
المشكلة، وإنما تريد أن يشرح أحد الأمر لمن يعيشون أسفله. ووعد رئيس البلدية بعقد اجتماع في قاعة المدرسة خلال الأسبوع \
المقبل.\n\nويقول المهندسون إن الجدار يمكن أن يكتمل خلال أربع سنوات، وسيكون الأكبر في المنطقة وفيه مكان لاثنتي عشرة \
وحدة لتوليد الكهرباء وممر للأسماك أضيف بعد احتجاجات منظمات بيئية. وسيكون على سكان قريتين الرحيل، وقد عرضت عليهم منازل \
جديدة فوق الهضبة مع عيادة ومسجد وطريق لم تشق بعد. وذهب بعضهم لرؤية المكان ثم عادوا صامتين.\n\nومن المقرر أن تعقد \
الجولة المقبلة من المحادثات في الخريف بحضور مراقبين من الأمم المتحدة. وحتى ذلك الحين يحتفظ كل طرف بأرقامه كما فعل منذ \
ثلاثين عاما، ويواصل النهر ارتفاعه في الربيع وانخفاضه في أغسطس مهما قالت الأرقام.";

fn document(text: &str) -> Document {
    let mut document = Document::default();
    let (tokens, folded) = (&mut document.tokens, &mut document.folded);
    tokenize(text, |form, _, place, single| {
        let folded_start = folded.len() as u32;
        folded.push_str(form);
        let folded_end = folded.len() as u32;
        tokens.push(Token {
            folded_start,
            folded_end,
            field: 0,
            start: place.start,
            end: place.end,
            single,
            capital: false,
        });
    });
    let characters = text.chars().count() as u32;
    let block = Block {
        kind: ZoneKind::Main,
        bytes: 0..text.len(),
        span: 0..characters,
        tokens: 0..tokens.len() as u32,
        reason: None,
    };
    document.characters = characters;
    document.fields.push(DocumentField {
        role: Role::Body,
        pointer: "/text".to_owned(),
        text: text.to_owned(),
        blocks: vec![block],
    });
    document
}

fn tag(criterion: &mut Criterion) {
    let Ok(tagger) = TopicTagger::new(&TopicSettings::default()) else {
        return;
    };
    let mut group = criterion.benchmark_group("topics");
    for (language, text) in [("en", ENGLISH), ("ar", ARABIC)] {
        let document = document(text);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(language, |bencher| {
            bencher.iter(|| black_box(tagger.tag(black_box(&document), language)))
        });
    }
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let settings = TopicSettings::default();
    criterion.bench_function("topics/load", |bencher| {
        bencher.iter(|| TopicTagger::new(black_box(&settings)).is_ok())
    });
}

criterion_group!(benches, tag, load);
criterion_main!(benches);
