"""Checks of compose.yaml and of the configurations beside it."""

import pathlib
import re
import tomllib

from files import (
    COMPOSE,
    DEFAULT,
    DOCKERFILE,
    DRAIN_MARGIN,
    PROFILES,
    STAGES,
    compose,
    copies,
    drain_seconds,
    everything,
    image,
    require,
    seconds,
    unit,
)


def profiles_start_what_they_should(scratch, _stage):
    for subset in range(8):
        chosen = [name for n, name in enumerate(PROFILES) if subset >> n & 1]
        expected = DEFAULT.union(*(PROFILES[name] for name in chosen))
        found = set(compose(scratch, "-".join(["default", *chosen])))
        require(found == expected, f"{chosen or 'default'}: {sorted(found ^ expected)}")
    services = everything(scratch)
    require(services["newsstage-shared"].get("scale") == 2, "the shared index has one replica")
    require(services["newsstage"].get("scale", 1) == 1, "the stage with an index of its own has several replicas")
    for name, service in services.items():
        for on, how in service.get("depends_on", {}).items():
            needs = {
                "topics": "service_completed_successfully",
                "kafka": "service_healthy",
                "valkey": "service_healthy",
            }.get(on)
            require(needs is None or how["condition"] == needs, f"{name} does not wait for {on}")
            require(needs != "service_healthy" or "healthcheck" in services[on], f"{on} says nothing of its health")
    for name in ("newsstage", "newsstage-shared", "seed"):
        require("topics" in services[name]["depends_on"], f"{name} does not wait for the topics")


def images_are_pinned(scratch, _stage):
    for name, service in everything(scratch).items():
        tag = service["image"].rpartition(":")[2]
        require(re.fullmatch(r"v?\d+\.\d+\.\d+(-\w+)?", tag), f"{name}: {service['image']}")


def mounts_are_there(scratch, _stage):
    number = 0
    for name, service in everything(scratch).items():
        for mount in service.get("volumes", []):
            if mount["type"] == "bind":
                number += 1
                require(pathlib.Path(mount["source"]).is_file(), f"{name}: there is no file {mount['source']}")
                require(mount.get("read_only"), f"{name} may write {mount['source']}")
    require(number >= 8, f"only {number} files are mounted")


def ports_are_local(scratch, _stage):
    taken = {}
    for name, service in everything(scratch).items():
        for port in service.get("ports", []):
            require(port.get("host_ip") == "127.0.0.1", f"{name} opens port {port['published']} to everybody")
            require(
                port["published"] not in taken,
                f"{name} and {taken.get(port['published'])} both want {port['published']}",
            )
            taken[port["published"]] = name


def stages_are_confined(scratch, _stage):
    for name in STAGES:
        service = everything(scratch)[name]
        require(service.get("read_only") and service["cap_drop"] == ["ALL"], f"{name} may write, or has capabilities")
        require("no-new-privileges:true" in service["security_opt"], f"{name} may gain privileges")
        require(int(service["mem_limit"]) > 0, f"{name} has no limit of memory")
        require(
            service["build"]["dockerfile"] == str(DOCKERFILE), f"{name} is built from {service['build']['dockerfile']}"
        )
        require(
            pathlib.Path(service["build"]["context"]).resolve() == pathlib.Path().resolve(),
            f"{name}: not the root of the repository",
        )
        require(
            "user" not in service
            and "privileged" not in service
            and not service.get("command")
            and not service.get("entrypoint"),
            f"{name} does not run as the image says",
        )


def stops_leave_time_to_drain(scratch, stage):
    for name, file in STAGES.items():
        grace = seconds(everything(scratch)[name]["stop_grace_period"])
        drain = drain_seconds(stage, "--config", str(COMPOSE.parent / file))
        require(grace >= drain + DRAIN_MARGIN, f"{name} has {grace} s to stop and may take {drain} s")
    stop = seconds(unit()["TimeoutStopSec"][0])
    require(stop >= drain_seconds(stage) + DRAIN_MARGIN, f"the unit has {stop} s to stop")


def stages_find_their_servers(scratch, _stage):
    """Names and ports in the stages' configurations are those of services; volumes are where the index is."""
    services = everything(scratch)
    for name, file in STAGES.items():
        config = tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))
        mounts = {mount["target"]: mount for mount in services[name]["volumes"]}
        path = dict(re.findall(r"(\w+)=(\S+)", image("ENV")[0]))["NEWSSTAGE_CONFIG"]
        require(mounts[path]["source"].endswith(f"/{file}"), f"{name} does not get {file}")
        host, port = config["kafka"]["brokers"].split(":")
        require(
            f"INTERNAL://{host}:{port}" in services[host]["environment"]["KAFKA_ADVERTISED_LISTENERS"],
            f"{name}: no broker at {host}:{port}",
        )
        require(config["admin"]["listen"] == f"0.0.0.0:{image('EXPOSE')[0]}", f"{name} cannot be asked from outside")
        if config["dedup"].get("backend") == "valkey":
            for url in config["dedup"]["shared"]["urls"]:
                require(re.fullmatch(r"redis://(\w+):6379", url)[1] in services, f"no server at {url}")
        else:
            volume = pathlib.PurePosixPath(config["dedup"]["path"]).parent
            require(mounts[str(volume)]["type"] == "volume", f"{name}: the index is not on a volume")
            require(
                any(target.rstrip("/") == str(volume) for _, source, _, target in copies() if source),
                "the image does not make the folder of the volume",
            )
    groups = [
        tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))["kafka"]["group"] for file in STAGES.values()
    ]
    require(len(set(groups)) == len(STAGES), "two stages share a consumer group")
    valkey = " ".join(services["valkey"]["command"])
    require("--maxmemory-policy noeviction" in valkey and "--appendonly yes" in valkey, "the server may forget")


def topics_are_those_of_the_stages(calls):
    """Every topic of the stages is made; output and dead letters have more room than the input."""
    made = {}
    for line in pathlib.Path(calls).read_text(encoding="utf-8").splitlines():
        size = re.search(r"max\.message\.bytes=(\d+)", line)
        require("--create --if-not-exists" in line and "--bootstrap-server kafka:9092" in line, line)
        made[re.search(r"--topic (\S+)", line)[1]] = int(size[1]) if size else 1048588
    wanted = set()
    for file in STAGES.values():
        config = tomllib.loads((COMPOSE.parent / file).read_text(encoding="utf-8"))
        for table, room in (("input", 0), ("output", 16384), ("dead_letter", 4096)):
            topic = config[table]["topic"]
            wanted.add(topic)
            require(topic in made, f"nobody makes {topic}")
            require(made[topic] >= made[config["input"]["topic"]] + room, f"{topic} has too little room")
    require(set(made) == wanted, f"made for nobody: {sorted(set(made) - wanted)}")
