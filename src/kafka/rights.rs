//! What this user may do with topics and with the group, as the broker tells whoever asks (KIP-430).
//!
//! librdkafka can ask; the safe bindings cannot yet. So this is, beside the mapped files of the index, the one place with
//! `unsafe`.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{NonNull, null_mut};
use std::time::Duration;

use rdkafka::bindings as raw;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafka;

/// Operations that are allowed on a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights(u32);

/// An operation, with its number in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// To consume a topic; to join a group and commit its offsets.
    Read = 3,
    /// To produce to a topic.
    Write = 4,
    /// To read the settings of a topic.
    DescribeConfigs = 10,
}

impl Rights {
    /// Whether this operation is allowed.
    pub fn allow(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u32) != 0
    }
}

impl FromIterator<u32> for Rights {
    fn from_iter<I: IntoIterator<Item = u32>>(operations: I) -> Self {
        let bit = |operation| 1_u32.checked_shl(operation).unwrap_or(0);
        Self(
            operations
                .into_iter()
                .map(bit)
                .fold(0, |all, bit| all | bit),
        )
    }
}

/// The rights on topics, by name. Topics of which the broker does not tell them are missing.
///
/// # Errors
/// When the broker does not answer within `timeout`.
pub(super) fn of_topics<C: ClientContext>(
    client: &Client<C>,
    topics: &[&str],
    timeout: Duration,
) -> Result<BTreeMap<String, Rights>, RDKafkaErrorCode> {
    let names = c_strings(topics);
    let mut names: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let client = client.native_ptr();
    // SAFETY: the collection copies the names; what `ask` hands over is alive; what the answer points to lives as long as
    // that, and is copied here. A description always has a name.
    unsafe {
        let collection =
            raw::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
        let kind = raw::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
        let answer = ask(client, kind, timeout, |options, queue| {
            raw::rd_kafka_DescribeTopics(client, collection, options, queue);
        });
        raw::rd_kafka_TopicCollection_destroy(collection);
        let answer = answer?;
        let mut count = 0;
        let result = raw::rd_kafka_event_DescribeTopics_result(answer.0.as_ptr());
        let first = raw::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let told = slice(first, count).iter().filter_map(|&topic| {
            let name = CStr::from_ptr(raw::rd_kafka_TopicDescription_name(topic));
            let mut count = 0;
            let first = raw::rd_kafka_TopicDescription_authorized_operations(topic, &raw mut count);
            Some((name.to_str().ok()?.to_owned(), rights(first, count)?))
        });
        Ok(told.collect())
    }
}

/// The rights on a group; `None` where the broker does not tell them.
///
/// # Errors
/// When the broker refuses or does not answer within `timeout`.
pub(super) fn of_group<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    timeout: Duration,
) -> Result<Option<Rights>, RDKafkaErrorCode> {
    let names = c_strings(&[group]);
    let mut names: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let client = client.native_ptr();
    // SAFETY: the names outlive the request; what the answer points to lives as long as that.
    unsafe {
        let kind = raw::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
        let answer = ask(client, kind, timeout, |options, queue| {
            raw::rd_kafka_DescribeConsumerGroups(
                client,
                names.as_mut_ptr(),
                names.len(),
                options,
                queue,
            );
        })?;
        let mut count = 0;
        let result = raw::rd_kafka_event_DescribeConsumerGroups_result(answer.0.as_ptr());
        let first = raw::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
        let Some(&group) = slice(first, count).first() else {
            return Ok(None);
        };
        let error = raw::rd_kafka_ConsumerGroupDescription_error(group);
        if !error.is_null() {
            return Err(raw::rd_kafka_error_code(error).into());
        }
        let mut count = 0;
        let first =
            raw::rd_kafka_ConsumerGroupDescription_authorized_operations(group, &raw mut count);
        Ok(rights(first, count))
    }
}

/// Names as C has them; one with a zero byte, which no topic or group has, is left out.
fn c_strings(names: &[&str]) -> Vec<CString> {
    let names = names.iter().filter_map(|&name| CString::new(name).ok());
    names.collect()
}

/// An answer of librdkafka.
struct Answer(NonNull<raw::rd_kafka_event_t>);

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: it is ours, and this is its end.
        unsafe { raw::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}

/// Makes a request of this kind that asks for the rights too, and waits for the answer.
///
/// # Safety
/// `client` is alive, and `send` makes one request with what it is given.
unsafe fn ask(
    client: *mut RDKafka,
    kind: raw::rd_kafka_admin_op_t,
    timeout: Duration,
    send: impl FnOnce(*const raw::rd_kafka_AdminOptions_t, *mut raw::rd_kafka_queue_t),
) -> Result<Answer, RDKafkaErrorCode> {
    let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: options and queue live until the answer is there or is no longer waited for; librdkafka keeps what it still
    // needs of them. An option that it does not take leaves an error, which is ended, and an answer without rights.
    unsafe {
        let options = raw::rd_kafka_AdminOptions_new(client, kind);
        let refused = raw::rd_kafka_AdminOptions_set_include_authorized_operations(options, 1);
        if !refused.is_null() {
            raw::rd_kafka_error_destroy(refused);
        }
        raw::rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, null_mut(), 0);
        let queue = raw::rd_kafka_queue_new(client);
        send(options, queue);
        let answer = raw::rd_kafka_queue_poll(queue, milliseconds.saturating_add(1000));
        raw::rd_kafka_queue_destroy(queue);
        raw::rd_kafka_AdminOptions_destroy(options);
        let answer = NonNull::new(answer).map(Answer);
        let answer = answer.ok_or(RDKafkaErrorCode::OperationTimedOut)?;
        match raw::rd_kafka_event_error(answer.0.as_ptr()).into() {
            RDKafkaErrorCode::NoError => Ok(answer),
            code => Err(code),
        }
    }
}

/// # Safety
/// `first` is null or the first of `count` operations.
unsafe fn rights(first: *const raw::rd_kafka_AclOperation_t, count: usize) -> Option<Rights> {
    // SAFETY: as promised. As numbers, since a newer broker may know operations that the type does not.
    let operations = unsafe { slice(first.cast::<u32>(), count) };
    (!first.is_null()).then(|| operations.iter().copied().collect())
}

/// # Safety
/// `first` is null or the first of `count` values, which live for `'a`.
unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: as promised.
    unsafe { std::slice::from_raw_parts(first, count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_told_apart_whatever_the_broker_knows() {
        let rights: Rights = [3, 10, 31, 32, u32::MAX].into_iter().collect();
        assert!(rights.allow(Operation::Read) && rights.allow(Operation::DescribeConfigs));
        assert!(!rights.allow(Operation::Write));
        assert_eq!(Rights::from_iter([32, 33]), Rights::default());
    }

    #[test]
    fn nothing_told_is_not_nothing_allowed() {
        let none = [];
        // SAFETY: a null pointer, and an array of none.
        unsafe {
            assert_eq!(rights(std::ptr::null(), 3), None);
            assert_eq!(rights(none.as_ptr(), 0), Some(Rights::default()));
        }
    }
}
