"""What no schema tells: whether the manifests of one installation agree with each other, and with its configuration."""

import re
import tomllib

POD_OWNERS = ("Deployment", "StatefulSet")


def mistakes(manifests, keda_parameters):
    """What does not fit, one text for each mistake. keda_parameters: those of KEDA's Kafka trigger."""
    workloads = [manifest for manifest in manifests if manifest["kind"] in POD_OWNERS]
    if len(workloads) != 1:
        return [f"expected one workload, found {len(workloads)}"]
    installation = Installation(manifests, workloads[0])
    installation.workload_and_index()
    installation.pod_is_confined()
    installation.pod_is_complete()
    installation.admin_port()
    installation.network()
    installation.selectors()
    installation.scaling(keda_parameters)
    installation.topics()
    installation.user()
    return installation.found


class Installation:
    def __init__(self, manifests, workload):
        self.found = []
        self.manifests = manifests
        self.workload = workload
        self.spec = workload["spec"]
        self.pod = self.spec["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.settings = tomllib.loads(settings_text(manifests, workload))
        self.embedded = self.settings["dedup"]["backend"] == "embedded"
        self.topic = {table: self.settings[table]["topic"] for table in ("input", "output", "dead_letter")}
        self.group = self.settings["kafka"]["group"]

    def claim(self, holds, message):
        if not holds:
            self.found.append(message)

    def of(self, kind):
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def workload_and_index(self):
        kind, dedup = self.workload["kind"], self.settings["dedup"]
        self.claim((kind == "StatefulSet") == self.embedded, f"{kind} with dedup.backend {dedup['backend']}")
        if not self.embedded:
            self.claim("volumeClaimTemplates" not in self.spec, "a shared index with volumes")
            self.claim("path" not in dedup, "a shared index with dedup.path")
            self.claim(("replicas" in self.spec) != bool(self.of("ScaledObject")), "replicas and KEDA: exactly one must be there")
            return
        self.claim(self.spec.get("replicas") == 1, "an embedded index with more than one replica, or with none")
        self.claim(not self.of("ScaledObject"), "an embedded index is scaled")
        claims = [claim["metadata"]["name"] for claim in self.spec["volumeClaimTemplates"]]
        homes = [mount["mountPath"] for mount in self.container["volumeMounts"] if mount["name"] in claims]
        self.claim(any(dedup["path"].startswith(f"{home}/") for home in homes), "dedup.path is not on the volume")
        services = [service["metadata"]["name"] for service in self.of("Service")]
        self.claim(self.spec["serviceName"] in services, "serviceName names no Service")

    def pod_is_confined(self):
        security = {**self.pod["securityContext"], **self.container["securityContext"]}
        self.claim(security["runAsNonRoot"] and security["runAsUser"] > 0, "runs as root")
        self.claim(security["readOnlyRootFilesystem"], "can write to its image")
        self.claim(security["allowPrivilegeEscalation"] is False, "can gain privileges")
        self.claim(security["capabilities"] == {"drop": ["ALL"]}, "keeps capabilities")
        self.claim(security["seccompProfile"] == {"type": "RuntimeDefault"}, "has no seccomp profile")
        self.claim(self.pod["automountServiceAccountToken"] is False, "has a token for the API server")
        accounts = [account["metadata"]["name"] for account in self.of("ServiceAccount")]
        self.claim(self.pod["serviceAccountName"] in accounts, "the ServiceAccount is not there")

    def pod_is_complete(self):
        """Every volume is mounted and every mount has a volume; time to drain; memory that is promised."""
        volumes = {volume["name"] for volume in self.pod["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in self.spec.get("volumeClaimTemplates", [])}
        mounts = [mount["name"] for mount in self.container["volumeMounts"]]
        self.claim(sorted(mounts) == sorted(volumes), f"mounts {sorted(mounts)}, volumes {sorted(volumes)}")
        grace, drain = self.pod["terminationGracePeriodSeconds"], seconds(self.settings["shutdown"]["timeout"])
        self.claim(grace >= drain + 15, f"a grace period of {grace} s for a drain of {drain} s")
        limits = self.container["resources"].get("limits", {})
        requests = self.container["resources"].get("requests", {})
        self.claim("cpu" not in limits, "a CPU limit")
        self.claim(limits.get("memory") == requests.get("memory"), "the memory limit is not the request")

    def admin_port(self):
        ports = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        host, _, port = self.settings["admin"]["listen"].rpartition(":")
        self.claim(ports == {"admin": int(port)}, f"ports {ports}, admin.listen on {port}")
        self.claim(host in ("0.0.0.0", "[::]"), f"admin.listen on {host}: probes cannot reach it")
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            asked = self.container[probe]["httpGet"]
            self.claim(asked == {"path": path, "port": "admin"}, f"{probe} asks {asked}")
        for monitor in self.of("PodMonitor"):
            asked = {(end["port"], end["path"]) for end in monitor["spec"]["podMetricsEndpoints"]}
            self.claim(asked == {("admin", "/metrics")}, f"PodMonitor asks {asked}")

    def network(self):
        """Where the configuration leads to is open."""
        needed = {53} | {int(broker.rpartition(":")[2]) for broker in self.settings["kafka"]["brokers"].split(",")}
        if not self.embedded:
            urls = self.settings["dedup"]["shared"]["urls"]
            needed |= {int(re.search(r":(\d+)", url.split("://")[1]).group(1)) for url in urls}
        for policy in self.of("NetworkPolicy"):
            opened = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
            self.claim(needed <= opened, f"NetworkPolicy opens {sorted(opened)}, needed are {sorted(needed)}")

    def selectors(self):
        labels = self.spec["template"]["metadata"]["labels"]
        places = {self.workload["kind"]: [self.spec["selector"]]}
        for kind, key in (("Service", "selector"), ("PodMonitor", "selector"), ("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            places[kind] = [manifest["spec"][key] for manifest in self.of(kind)]
        places["topologySpreadConstraints"] = [c["labelSelector"] for c in self.pod.get("topologySpreadConstraints", [])]
        for what, selectors in places.items():
            for selector in selectors:
                wanted = selector.get("matchLabels", selector)
                self.claim(wanted and wanted.items() <= labels.items(), f"{what} does not select the pods")
        self.claim(bool(self.of("PodDisruptionBudget")) != self.embedded, "PodDisruptionBudget: for several replicas, and for them only")

    def scaling(self, parameters):
        for scaled in self.of("ScaledObject"):
            spec = scaled["spec"]
            target = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
            own = (self.workload["kind"], self.workload["metadata"]["name"])
            self.claim(target == own, f"ScaledObject scales {target}")
            self.claim(spec["minReplicaCount"] >= 1, "ScaledObject scales to zero")
            down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
            self.claim(down["stabilizationWindowSeconds"] >= 600, "ScaledObject takes replicas away too soon")
            for topic in self.of("KafkaTopic"):
                if topic["spec"]["topicName"] == self.topic["input"]:
                    self.claim(spec["maxReplicaCount"] <= topic["spec"]["partitions"], "more replicas than partitions")
            for trigger in spec["triggers"]:
                self.trigger(trigger, parameters)

    def trigger(self, trigger, parameters):
        metadata = trigger["metadata"]
        for name, value in metadata.items():
            allowed = parameters.get(name)
            self.claim(allowed is not None, f"KEDA's Kafka trigger has no {name}")
            self.claim(not allowed or value in allowed, f"KEDA's Kafka trigger: {name} is {value}, not one of {allowed}")
        self.claim("version" in metadata, "KEDA would speak the protocol of Kafka 1.0.0")
        brokers = self.settings["kafka"]["brokers"]
        expected = {"bootstrapServers": brokers, "consumerGroup": self.group, "topic": self.topic["input"]}
        self.claim(expected.items() <= metadata.items(), f"the trigger watches {metadata}, not {expected}")
        protocol = self.settings["kafka"].get("security", {}).get("protocol", "plaintext")
        self.claim((metadata.get("tls") == "enable") == protocol.endswith("ssl"), "TLS of the trigger")
        self.claim(("sasl" in metadata) == protocol.startswith("sasl"), "SASL of the trigger")
        reference = trigger.get("authenticationRef", {}).get("name")
        self.claim(reference or "sasl" not in metadata, "the trigger has no credentials")
        names = {variable["name"] for variable in self.container["env"]}
        for authentication in self.of("TriggerAuthentication"):
            self.claim(authentication["metadata"]["name"] == reference, "TriggerAuthentication is not used")
            for variable in authentication["spec"].get("env", []):
                self.claim(variable["name"] in names, f"TriggerAuthentication reads {variable['name']}, which the pod has not")

    def topics(self):
        topics = {topic["spec"]["topicName"]: topic["spec"] for topic in self.of("KafkaTopic")}
        if not topics:
            return
        if not set(self.topic.values()) <= set(topics):
            self.found.append(f"topics {sorted(topics)}, needed are {sorted(self.topic.values())}")
            return
        room = {name: topics[self.topic[name]]["config"]["max.message.bytes"] for name in self.topic}
        self.claim(room["output"] >= room["input"] + 16 * 1024, "the output has too little room")
        self.claim(room["dead_letter"] >= room["input"] + 4 * 1024, "the dead letters have too little room")
        for name, topic in topics.items():
            config = topic["config"]
            self.claim(2 <= config["min.insync.replicas"] < topic["replicas"], f"{name}: a broker's loss stops or hurts it")
            self.claim(config["unclean.leader.election.enable"] is False, f"{name}: acknowledged records can be lost")
            self.claim(config["message.timestamp.type"] == "CreateTime", f"{name}: timestamps are not kept")
            self.claim(config["cleanup.policy"] == "delete", f"{name}: {config['cleanup.policy']}")

    def user(self):
        needed = {
            ("topic", self.topic["input"], "literal"): {"Read"},
            ("topic", self.topic["output"], "literal"): {"Read", "Write", "DescribeConfigs"},
            ("topic", self.topic["dead_letter"], "literal"): {"Write", "DescribeConfigs"},
            ("group", self.group, "literal"): {"Read"},
        }
        if self.settings.get("delivery", "exactly_once") == "exactly_once":
            needed["transactionalId", f"{self.group}-", "prefix"] = {"Write"}
        for user in self.of("KafkaUser"):
            rights = {}
            for rule in user["spec"]["authorization"]["acls"]:
                resource = rule["resource"]
                rights[resource["type"], resource["name"], resource["patternType"]] = set(rule["operations"])
            for what, operations in needed.items():
                self.claim(operations <= rights.get(what, set()), f"KafkaUser may not {sorted(operations)} on {what}")
            self.claim(not any("All" in operations for operations in rights.values()), "KafkaUser may do everything")


def settings_text(manifests, workload):
    """newsstage.toml of the ConfigMap that the pods mount."""
    volume = next(v for v in workload["spec"]["template"]["spec"]["volumes"] if v["name"] == "config")
    names = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "ConfigMap"}
    return names[volume["configMap"]["name"]]["data"]["newsstage.toml"]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def keda_parameters(source):
    """Names that KEDA's Kafka scaler takes from a trigger, each with its allowed values (none: any), from its source."""
    found = {}
    for tag in re.findall(r'keda:"([^"]*)"', source):
        fields = dict(field.partition("=")[::2] for field in tag.split(","))
        if "triggerMetadata" in fields.get("order", "").split(";"):
            found[fields["name"]] = fields["enum"].split(";") if "enum" in fields else []
    return found
