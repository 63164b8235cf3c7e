"""What no schema tells: whether the manifests of one installation agree with each other, and with its configuration."""

import re
import tomllib

POD_OWNERS = ("Deployment", "StatefulSet")


def mistakes(manifests, keda_parameters):
    """What does not fit, one text for each mistake. keda_parameters: those of KEDA's Kafka trigger."""
    found = []
    of_kind = {}
    for manifest in manifests:
        of_kind.setdefault(manifest["kind"], []).append(manifest)
    workloads = [manifest for kind in POD_OWNERS for manifest in of_kind.get(kind, [])]
    if len(workloads) != 1:
        return [f"expected one workload, found {len(workloads)}"]
    workload = workloads[0]
    template = workload["spec"]["template"]
    pod = template["spec"]
    labels = template["metadata"]["labels"]
    container = pod["containers"][0]
    settings = tomllib.loads(settings_text(manifests, workload))
    backend = settings["dedup"]["backend"]

    def claim(holds, message):
        if not holds:
            found.append(message)

    def selects(selector, what):
        wanted = selector.get("matchLabels", selector)
        claim(wanted and wanted.items() <= labels.items(), f"{what} does not select the pods")

    # The workload and its index.
    claim((workload["kind"] == "StatefulSet") == (backend == "embedded"), f"{workload['kind']} with dedup.backend {backend}")
    if backend == "embedded":
        claim(workload["spec"].get("replicas") == 1, "an embedded index with more than one replica, or with none")
        claim("ScaledObject" not in of_kind, "an embedded index is scaled")
        claims = [claim_["metadata"]["name"] for claim_ in workload["spec"]["volumeClaimTemplates"]]
        homes = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in claims]
        claim(any(settings["dedup"]["path"].startswith(f"{home}/") for home in homes), "dedup.path is not on the volume")
        services = [service["metadata"]["name"] for service in of_kind.get("Service", [])]
        claim(workload["spec"]["serviceName"] in services, "serviceName names no Service")
    else:
        claim("volumeClaimTemplates" not in workload["spec"], "a shared index with volumes")
        claim("path" not in settings["dedup"], "a shared index with dedup.path")
        claim(("replicas" in workload["spec"]) != ("ScaledObject" in of_kind), "replicas and KEDA: exactly one must be there")
    selects(workload["spec"]["selector"], workload["kind"])

    # The pod: unprivileged, with mounts that exist, and time to drain.
    security = {**pod["securityContext"], **container["securityContext"]}
    claim(security["runAsNonRoot"] and security["runAsUser"] > 0, "runs as root")
    claim(security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], "can write to its image, or rise")
    claim(security["capabilities"] == {"drop": ["ALL"]}, "keeps capabilities")
    claim(security["seccompProfile"] == {"type": "RuntimeDefault"}, "has no seccomp profile")
    claim(pod["automountServiceAccountToken"] is False, "has a token for the API server")
    volumes = {volume["name"] for volume in pod["volumes"]}
    volumes |= {claim_["metadata"]["name"] for claim_ in workload["spec"].get("volumeClaimTemplates", [])}
    mounts = [mount["name"] for mount in container["volumeMounts"]]
    claim(set(mounts) == volumes and len(mounts) == len(volumes), f"mounts {sorted(mounts)}, volumes {sorted(volumes)}")
    grace, drain = pod["terminationGracePeriodSeconds"], seconds(settings["shutdown"]["timeout"])
    claim(grace >= drain + 15, f"a grace period of {grace} s for a drain of {drain} s")
    claim("cpu" not in container["resources"].get("limits", {}), "a CPU limit")
    limits, requests = container["resources"].get("limits", {}), container["resources"].get("requests", {})
    claim(limits.get("memory") == requests.get("memory"), "the memory limit is not the request")

    # Probes and everything else that asks the admin port.
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    host, _, port = settings["admin"]["listen"].rpartition(":")
    claim(ports == {"admin": int(port)}, f"ports {ports}, admin.listen on {port}")
    claim(host in ("0.0.0.0", "[::]"), f"admin.listen on {host}: probes cannot reach it")
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        asked = container[probe]["httpGet"]
        claim(asked == {"path": path, "port": "admin"}, f"{probe} asks {asked}")
    for monitor in of_kind.get("PodMonitor", []):
        selects(monitor["spec"]["selector"], "PodMonitor")
        claim(all(e["port"] in ports and e["path"] == "/metrics" for e in monitor["spec"]["podMetricsEndpoints"]), "PodMonitor asks elsewhere")
    for service in of_kind.get("Service", []):
        selects(service["spec"]["selector"], "Service")
    for budget in of_kind.get("PodDisruptionBudget", []):
        selects(budget["spec"]["selector"], "PodDisruptionBudget")
    for constraint in pod.get("topologySpreadConstraints", []):
        selects(constraint["labelSelector"], "topologySpreadConstraints")
    claim(("PodDisruptionBudget" in of_kind) == (backend != "embedded"), "PodDisruptionBudget and the index do not fit")
    accounts = [account["metadata"]["name"] for account in of_kind.get("ServiceAccount", [])]
    claim(pod["serviceAccountName"] in accounts, "the ServiceAccount is not there")

    # The network: where the configuration leads to is open.
    for policy in of_kind.get("NetworkPolicy", []):
        selects(policy["spec"]["podSelector"], "NetworkPolicy")
        open_ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        needed = {53} | {int(broker.rpartition(":")[2]) for broker in settings["kafka"]["brokers"].split(",")}
        if backend != "embedded":
            needed |= {int(re.search(r":(\d+)", url.split("://")[1]).group(1)) for url in settings["dedup"]["shared"]["urls"]}
        claim(needed <= open_ports, f"NetworkPolicy opens {sorted(open_ports)}, needed are {sorted(needed)}")

    found.extend(_scaling(of_kind, workload, container, settings, keda_parameters))
    found.extend(_strimzi(of_kind, settings))
    return found


def _scaling(of_kind, workload, container, settings, parameters):
    found = []

    def claim(holds, message):
        if not holds:
            found.append(message)

    authentications = {a["metadata"]["name"]: a["spec"] for a in of_kind.get("TriggerAuthentication", [])}
    for scaled in of_kind.get("ScaledObject", []):
        spec = scaled["spec"]
        target = spec["scaleTargetRef"]
        claim((target["kind"], target["name"]) == (workload["kind"], workload["metadata"]["name"]), "ScaledObject scales something else")
        claim(spec["minReplicaCount"] >= 1, "ScaledObject scales to zero")
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        claim(down["stabilizationWindowSeconds"] >= 600, "ScaledObject takes replicas away too soon")
        for trigger in spec["triggers"]:
            metadata = trigger["metadata"]
            for name, value in metadata.items():
                allowed = parameters.get(name)
                claim(allowed is not None, f"KEDA's Kafka trigger has no {name}")
                claim(not allowed or value in allowed, f"KEDA's Kafka trigger: {name} is {value}, not one of {allowed}")
            claim("version" in metadata, "KEDA would speak the protocol of Kafka 1.0.0")
            expected = {
                "bootstrapServers": settings["kafka"]["brokers"],
                "consumerGroup": settings["kafka"]["group"],
                "topic": settings["input"]["topic"],
            }
            claim(expected.items() <= metadata.items(), f"the trigger watches {metadata}, not {expected}")
            protocol = settings["kafka"].get("security", {}).get("protocol", "plaintext")
            claim((metadata.get("tls") == "enable") == protocol.endswith("ssl"), "TLS of the trigger")
            claim(("sasl" in metadata) == protocol.startswith("sasl"), "SASL of the trigger")
            name = trigger.get("authenticationRef", {}).get("name")
            claim("sasl" not in metadata or name, "the trigger has no credentials")
            names = {variable["name"] for variable in container["env"]}
            for variable in authentications.get(name, {}).get("env", []):
                claim(variable["name"] in names, f"TriggerAuthentication reads {variable['name']}, which the pod has not")
        for topic in of_kind.get("KafkaTopic", []):
            if topic["spec"]["topicName"] == settings["input"]["topic"]:
                claim(spec["maxReplicaCount"] <= topic["spec"]["partitions"], "more replicas than partitions")
    return found


def _strimzi(of_kind, settings):
    found = []

    def claim(holds, message):
        if not holds:
            found.append(message)

    topics = {topic["spec"]["topicName"]: topic["spec"] for topic in of_kind.get("KafkaTopic", [])}
    source, output, dead = (settings[table]["topic"] for table in ("input", "output", "dead_letter"))
    if topics:
        claim({source, output, dead} <= set(topics), f"topics {sorted(topics)}")
        room = {name: topic["config"]["max.message.bytes"] for name, topic in topics.items()}
        claim(room[output] >= room[source] + 16 * 1024, "the output has too little room")
        claim(room[dead] >= room[source] + 4 * 1024, "the dead letters have too little room")
        for name, topic in topics.items():
            config = topic["config"]
            claim(config["min.insync.replicas"] >= 2 and topic["replicas"] > config["min.insync.replicas"], f"{name}: replicas")
            claim(config["unclean.leader.election.enable"] is False, f"{name}: acknowledged records can be lost")
            claim(config["message.timestamp.type"] == "CreateTime", f"{name}: timestamps are not kept")
            claim(config["cleanup.policy"] == "delete", f"{name}: {config['cleanup.policy']}")
    for user in of_kind.get("KafkaUser", []):
        rights = {
            (rule["resource"]["type"], rule["resource"]["name"], rule["resource"]["patternType"]): set(rule["operations"])
            for rule in user["spec"]["authorization"]["acls"]
        }
        group = settings["kafka"]["group"]
        needed = {
            ("topic", source, "literal"): {"Read"},
            ("topic", output, "literal"): {"Read", "Write", "DescribeConfigs"},
            ("topic", dead, "literal"): {"Write", "DescribeConfigs"},
            ("group", group, "literal"): {"Read"},
        }
        if settings.get("delivery", "exactly_once") == "exactly_once":
            needed["transactionalId", f"{group}-", "prefix"] = {"Write"}
        for what, operations in needed.items():
            claim(operations <= rights.get(what, set()), f"KafkaUser may not {sorted(operations)} on {what}")
        claim(not any("All" in operations for operations in rights.values()), "KafkaUser may do everything")
    return found


def settings_text(manifests, workload):
    """newsstage.toml of the ConfigMap that the pods mount."""
    volume = next(v for v in workload["spec"]["template"]["spec"]["volumes"] if v["name"] == "config")
    names = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "ConfigMap"}
    return names[volume["configMap"]["name"]]["data"]["newsstage.toml"]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def keda_parameters(source):
    """Names that KEDA's Kafka scaler takes from a trigger, each with its allowed values (empty: any), of its source."""
    found = {}
    for tag in re.findall(r'keda:"([^"]*)"', source):
        fields = tag.split(",")
        name = next((f[5:] for f in fields if f.startswith("name=")), None)
        if name and any(f.startswith("order=") and "triggerMetadata" in f for f in fields):
            found[name] = next((f[5:].split(";") for f in fields if f.startswith("enum=")), [])
    return found
