"""Runs the stage on a real Kafka with access control, with the topics and the rights that the chart gives to Strimzi."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import confluent_kafka
from confluent_kafka import admin

import agreement
import stage

KAFKA = "tests/services/kafka.sh"
# Everybody on the loopback listener without a name may do everything; the user of the stage only what a rule allows.
ACCESS_CONTROL = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""
# Of the broker that tests/services/kafka.sh starts.
USER, PASSWORD = "newsstage", "newsstage-secret"
VALUES = {
    "config": {"kafka": {"security": {"protocol": "sasl_ssl", "sasl": {"mechanism": "SCRAM-SHA-512", "username": USER}}}},
    "secrets": {"kafkaPassword": {"name": USER}, "kafkaCa": {"name": "news-cluster-ca-cert"}},
    "strimzi": {"cluster": "news", "topics": {"enabled": True}, "user": {"enabled": True, "name": USER}},
}
RESOURCES = {
    "topic": admin.ResourceType.TOPIC,
    "group": admin.ResourceType.GROUP,
    "transactionalId": admin.ResourceType.TRANSACTIONAL_ID,
}
PATTERNS = {"literal": admin.ResourcePatternType.LITERAL, "prefix": admin.ResourcePatternType.PREFIXED}
OPERATIONS = {
    "Read": admin.AclOperation.READ,
    "Write": admin.AclOperation.WRITE,
    "Describe": admin.AclOperation.DESCRIBE,
    "DescribeConfigs": admin.AclOperation.DESCRIBE_CONFIGS,
}
ARTICLES = 200
PATIENCE = 60  # seconds for what takes one or two


def run(checks, folder):
    work = folder / "broker"
    started = subprocess.run(
        ["bash", KAFKA, "start", work, "0", str(os.getpid())], capture_output=True, text=True, check=False
    )
    checks.check("Kafka: starts", [started.stderr] if started.returncode else [])
    if started.returncode:
        return
    try:
        subprocess.run(["bash", KAFKA, "stop", work], check=True)
        with open(work / "server.properties", "a", encoding="utf-8") as properties:
            properties.write(ACCESS_CONTROL)
        again = subprocess.run(["bash", KAFKA, "restart", work], capture_output=True, text=True, check=True)
        with_broker(checks, folder, work, again.stdout.strip())
    finally:
        subprocess.run(["bash", KAFKA, "kill", work], check=False)


def with_broker(checks, folder, work, address):
    port = int(address.rpartition(":")[2])
    values = {**VALUES, "config": {"kafka": {**VALUES["config"]["kafka"], "brokers": f"localhost:{port + 2}"}}}
    manifests, mistakes = checks.render(given=values)
    checks.check("Kafka: values render", mistakes)
    if mistakes:
        return
    client = admin.AdminClient({"bootstrap.servers": address})
    checks.check("Kafka: takes the topics of the chart", make_topics(client, manifests))
    pod = Pod(checks.newsstage, manifests, folder / "pod", work / "ca.pem")
    denied = pod.check(patience=5)
    well = denied.returncode and all(f"{what} authorization failed" in denied.stdout for what in ("Topic", "Transactional Id"))
    checks.check("Kafka: without the rights the stage is denied", [] if well else [denied.stdout])
    grant(client, manifests)
    allowed = pod.check(patience=30)
    checks.check("Kafka: newsstage check with the rights of the KafkaUser", [allowed.stdout + allowed.stderr] if allowed.returncode else [])
    produce(address)
    with pod.running(checks, "the rights are enough to run"):
        checks.check("Kafka: output", missing(address, "news.enriched", ARTICLES))
        checks.check("Kafka: dead letters", missing(address, "news.dead", 1))
    shutil.rmtree(pod.folder / "index")
    with pod.running(checks, "the rights are enough to learn a lost index again"):
        pass


def make_topics(client, manifests):
    wanted = []
    for topic in (manifest["spec"] for manifest in manifests if manifest["kind"] == "KafkaTopic"):
        config = {key: json.dumps(value).strip('"') for key, value in topic["config"].items()}
        del config["min.insync.replicas"]  # there is one broker here, and so one replica
        wanted.append(admin.NewTopic(topic["topicName"], topic["partitions"], 1, config=config))
    return failures(client.create_topics(wanted))


def grant(client, manifests):
    user = next(manifest for manifest in manifests if manifest["kind"] == "KafkaUser")
    rules = []
    for rule in user["spec"]["authorization"]["acls"]:
        what = rule["resource"]
        for operation in rule["operations"]:
            rules.append(admin.AclBinding(
                RESOURCES[what["type"]], what["name"], PATTERNS[what["patternType"]],
                f"User:{user['metadata']['name']}", "*", OPERATIONS[operation], admin.AclPermissionType.ALLOW,
            ))
    if wrong := failures(client.create_acls(rules)):
        raise RuntimeError(f"rules were not made: {wrong}")


def failures(answers):
    return [f"{what}: {answer.exception()}" for what, answer in answers.items() if answer.exception(PATIENCE)]


def produce(address):
    producer = confluent_kafka.Producer({"bootstrap.servers": address})
    for number in range(ARTICLES):
        text = f"The council of harbour town {number} voted on Tuesday to close its centre to cars after {number} years."
        article = {"url": f"https://news.example/{number}", "title": f"Town {number} closes its centre", "text": text}
        producer.produce("news.raw", json.dumps(article).encode(), key=str(number))
    producer.produce("news.raw", b'["no article"]')
    producer.flush(PATIENCE)


def missing(address, topic, wanted):
    """What is wrong with the committed records of a topic: there must be just so many."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": address, "group.id": f"test-{topic}", "auto.offset.reset": "earliest",
        "isolation.level": "read_committed", "enable.auto.commit": False, "enable.partition.eof": False,
    })
    consumer.subscribe([topic])
    found, deadline = 0, time.monotonic() + PATIENCE
    while found < wanted and time.monotonic() < deadline:
        record = consumer.poll(0.5)
        found += record is not None and record.error() is None
    consumer.close()
    return [] if found == wanted else [f"{found} records in {topic}, expected {wanted}"]


class Pod:
    """The stage with the configuration and the environment of the pod, on this machine."""

    def __init__(self, newsstage, manifests, folder, authorities):
        self.newsstage = newsstage
        self.folder = folder
        folder.mkdir()
        workload = next(m for m in manifests if m["kind"] in agreement.POD_OWNERS)
        container = workload["spec"]["template"]["spec"]["containers"][0]
        text = agreement.settings_text(manifests, workload)
        text = text.replace("/etc/newsstage/kafka-ca/ca.crt", str(authorities))
        text = text.replace("/var/lib/newsstage/index", str(folder / "index"))
        (folder / "newsstage.toml").write_text(text)
        self.drain = agreement.seconds(agreement.tomllib.loads(text)["shutdown"]["timeout"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.environment = stage.environment(container["env"]) | {
            "NEWSSTAGE_CONFIG": str(folder / "newsstage.toml"),
            "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD": PASSWORD,
            "NEWSSTAGE__ADMIN__LISTEN": self.address,
        }

    def check(self, patience):
        return subprocess.run(
            [self.newsstage, "check", "--strict", "--timeout", str(patience)],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False,
        )

    @contextlib.contextmanager
    def running(self, checks, name):
        """Runs the stage until the block ends; then it must drain and end with 0."""
        log = pathlib.Path(self.folder / "log")
        with open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen([self.newsstage, "run"], env=self.environment, cwd=self.folder, stderr=output)
        try:
            checks.check(f"Kafka: {name}", [] if self.ready(process) else [log.read_text()[-3000:]])
            yield
            process.send_signal(signal.SIGTERM)
            code = process.wait(self.drain + 15)
            checks.check("Kafka: SIGTERM ends it in order", [] if code == 0 else [f"exit code {code}\n{log.read_text()[-3000:]}"])
        finally:
            process.kill()
            process.wait()

    def ready(self, process):
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return True
            time.sleep(0.05)
        return False
