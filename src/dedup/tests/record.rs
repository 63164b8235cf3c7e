//! Records: what goes in comes out, and damage reads as absent.

use proptest::prelude::*;

use super::super::record::{NewRecord, Record};
use super::*;

fn texts() -> impl Strategy<Value = (String, String, Option<String>)> {
    let name = prop_oneof![
        Just("a".to_owned()),
        ".{0,40}",
        "[a-z]{0,4}:?[0-9a-f]{32}",
        "[0-9a-fA-F]{30,34}"
    ];
    (name.clone(), name.clone(), proptest::option::of(name))
}

prop_compose! {
    fn fingerprint()(
        keys in any::<[u64; 4]>(),
        source in any::<Option<u32>>(),
        story in any::<[u32; 2]>(),
        hashes in proptest::collection::vec(any::<u16>(), 0..12),
        embedded in proptest::collection::vec(any::<u16>(), 0..8),
        runs in proptest::collection::vec((any::<u16>(), any::<u16>()), 0..4),
        below in any::<Option<u16>>(),
        content in any::<bool>(),
    ) -> Fingerprint {
        let text_key = u128::from(keys[0]);
        Fingerprint {
            identity: Identity {
                id: String::new(),
                id_key: Some(u128::from(keys[1])),
                url_key: None,
                payload_key: keys[2],
                source,
            },
            content_key: content.then_some(text_key),
            text_key,
            headline: Headline::from_parts(hashes.clone(), 0b101),
            figures: Sample::from_hashes(hashes.clone()),
            names: Sample::from_hashes(hashes),
            story,
            embedded,
            repeated: Repeated { runs: runs.into_iter().map(|(a, b)| a..b).collect(), below },
            ..print("", "", "")
        }
    }
}

prop_compose! {
    fn verdicts()(
        status in 0..5_usize,
        method in 0..5_usize,
        shares in any::<Option<(u16, u16, u16)>>(),
        reused in any::<bool>(),
        (id, cluster, of) in texts(),
    ) -> (String, DedupVerdict) {
        let share = |value: u16| f32::from(value % 1001) / 1000.0;
        let statuses = [
            DedupStatus::Unique, DedupStatus::Exact, DedupStatus::Near, DedupStatus::Partial, DedupStatus::Update,
        ];
        let methods = [
            None, Some(DedupMethod::Id), Some(DedupMethod::Url), Some(DedupMethod::Content), Some(DedupMethod::Shingles),
        ];
        (id, DedupVerdict {
            status: statuses[status],
            cluster,
            of,
            method: methods[method],
            similarity: shares.map(|(similarity, _, _)| share(similarity)),
            coverage: shares.map(|(_, this, of)| Coverage { this: share(this), of: share(of) }),
            position_reused: reused,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(
        mut print in fingerprint(),
        (id, verdict) in verdicts(),
        counts in proptest::collection::vec(any::<u8>(), 0..16),
        arrived_ms in 0..1_i64 << 47,
        position in any::<u64>(),
        cut in any::<prop::sample::Index>(),
    ) {
        print.identity.id = id.clone();
        let mut bytes = Vec::new();
        NewRecord { position, arrived_ms, fingerprint: &print, counts: &counts, verdict: &verdict }.encode(&mut bytes);
        let record = Record::new(&bytes);
        prop_assert_eq!(record.verdict(), Some(verdict.clone()));
        prop_assert_eq!(record.names(), Some((id.as_str().into(), verdict.cluster.as_str().into())));
        prop_assert_eq!(record.repeated(), Some(print.repeated.clone()));
        prop_assert_eq!(record.arrived_ms(), arrived_ms);
        prop_assert_eq!(record.position(), position);
        prop_assert!(record.is_payload(print.identity.payload_key));
        prop_assert!(!record.is_payload(!print.identity.payload_key));
        prop_assert_eq!(record.id_key(), print.identity.id_key.map_or(0, keys::half));
        prop_assert_eq!(record.source(), print.identity.source);
        prop_assert_eq!(record.story(), print.story);
        prop_assert_eq!(record.identifies(), print.content_key.is_some());
        let earlier = record.earlier().unwrap();
        prop_assert_eq!(&earlier.counts, &counts);
        prop_assert_eq!(&earlier.embedded, &print.embedded);
        prop_assert_eq!(&earlier.headline, &print.headline);
        // Whatever is missing of a record, nothing panics, and it does not read as another one.
        let short = Record::new(bytes.get(..cut.index(bytes.len())).unwrap());
        prop_assert_eq!(short.verdict(), None);
        prop_assert_eq!(short.names(), None);
        let _ = (short.position(), short.story(), short.arrived_ms());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let record = Record::new(&bytes);
        let _ = (record.verdict(), record.earlier(), record.repeated(), record.names(), record.arrived_ms());
    }
}
