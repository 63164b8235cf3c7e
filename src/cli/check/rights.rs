//! What `check` says of the rights of this user.

use super::Report;
use super::broker::TopicUse;
use crate::config::Config;
use crate::kafka::error::KafkaFailure;
use crate::kafka::limits::Inspector;
use crate::kafka::rights::Operation;

pub(super) fn topics(uses: &[TopicUse<'_>], inspector: &Inspector, report: &mut Report) {
    let names: Vec<&str> = uses.iter().map(|used| used.topic).collect();
    let told = inspector.rights(&names);
    if told.is_empty() {
        return report.ok("rights: the broker does not tell them");
    }
    for &TopicUse {
        key,
        topic,
        reads,
        writes,
    } in uses
    {
        // A topic that is missing, or that this user may not see, has been reported.
        let Some(rights) = told.get(topic) else {
            continue;
        };
        let missing = [
            (reads, Operation::Read, "Read"),
            (writes, Operation::Write, "Write"),
        ]
        .into_iter()
        .filter(|&(needed, operation, _)| needed && !rights.allow(operation));
        let missing: Vec<&str> = missing.map(|(.., name)| name).collect();
        if !missing.is_empty() {
            let missing = missing.join(" and ");
            report.fail(
                &format!("{key}: this user lacks the right {missing} on {topic}"),
                &format!("give it {missing} on the topic"),
            );
        } else if !rights.allow(Operation::DescribeConfigs) {
            report.warn(
                &format!("{key}: this user may not ask how large a record {topic} takes"),
                "give it DescribeConfigs on the topic; without it the broker's usual 1 MB is assumed",
            );
        }
    }
}

/// Whether this user may join the group.
pub(super) fn group(config: &Config, inspector: &Inspector, report: &mut Report) -> bool {
    let group = &config.kafka.group;
    let problem = match inspector.group_rights(group) {
        Ok(Some(rights)) if !rights.allow(Operation::Read) => {
            format!("kafka.group: this user lacks the right Read on {group}")
        }
        Err(failure @ KafkaFailure::Denied(_)) => format!("kafka.group: {failure}"),
        _ => return true,
    };
    report.fail(&problem, "give it Read on the group");
    false
}
