//! What `check` says of the rights of this user.

use super::Report;
use crate::config::Config;
use crate::dedup::Rebuild;
use crate::kafka::error::KafkaFailure;
use crate::kafka::limits::Inspector;
use crate::kafka::rights::Operation;

/// A topic of the configuration, and what the stage does with it.
struct Need<'a> {
    key: &'static str,
    topic: &'a str,
    reads: bool,
    writes: bool,
}

fn needs(config: &Config) -> Vec<Need<'_>> {
    // A duplicate index that is empty or damaged is made again from what was published.
    let rebuilds = config.stages.dedup && config.dedup.rebuild == Rebuild::Auto;
    let need = |key, topic, reads, writes| Need {
        key,
        topic,
        reads,
        writes,
    };
    let mut needs = vec![
        need("input.topic", config.input.topic.as_str(), true, false),
        need("output.topic", &config.output.topic, rebuilds, true),
        need("dead_letter.topic", &config.dead_letter.topic, false, true),
    ];
    if let Some(topic) = &config.output.duplicates_topic {
        needs.push(need("output.duplicates_topic", topic, rebuilds, true));
    }
    if let Some(topic) = &config.topics.queries_topic
        && config.stages.topics
    {
        needs.push(need("topics.queries_topic", topic, true, false));
    }
    needs
}

pub(super) fn topics(config: &Config, inspector: &Inspector, report: &mut Report) {
    let needs = needs(config);
    let names: Vec<&str> = needs.iter().map(|need| need.topic).collect();
    let told = inspector.rights(&names);
    if told.is_empty() {
        return report.ok("rights: the broker does not tell them");
    }
    for Need {
        key,
        topic,
        reads,
        writes,
    } in needs
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
