{{/* Refuses values that contradict each other, all of them at once. What a single value may be, the schema says. */}}
{{- define "newsstage.checks" -}}
{{- $v := .Values -}}
{{- $config := $v.config -}}
{{- $wrong := list -}}
{{- $shared := eq $v.index.backend "shared" -}}
{{- $urls := include "newsstage.at" (list $config "dedup" "shared" "urls") -}}
{{- $protocol := include "newsstage.at" (list $config "kafka" "security" "protocol") | default "plaintext" -}}
{{- $mechanism := include "newsstage.at" (list $config "kafka" "security" "sasl" "mechanism") -}}
{{- $username := include "newsstage.at" (list $config "kafka" "security" "sasl" "username") -}}
{{- $s := $v.secrets -}}

{{- if not (include "newsstage.at" (list $config "kafka" "brokers")) -}}
{{- $wrong = append $wrong "config.kafka.brokers is required: brokers to ask first, as host:port, separated by commas" -}}
{{- end -}}
{{- range $table := list "input" "output" "dead_letter" -}}
{{- if not (include "newsstage.at" (list $config $table "topic")) -}}
{{- $wrong = append $wrong (printf "config.%s.topic is required" $table) -}}
{{- end -}}
{{- end -}}

{{- if $shared -}}
{{- if has $urls (list "" "[]") -}}
{{- $wrong = append $wrong "config.dedup.shared.urls is required by index.backend = \"shared\": redis://host:6379, or rediss:// with TLS" -}}
{{- end -}}
{{- if eq (include "newsstage.at" (list $config "kafka" "static_membership")) "true" -}}
{{- $wrong = append $wrong "config.kafka.static_membership needs pods with stable names: it goes with index.backend = \"embedded\" only" -}}
{{- end -}}
{{- else -}}
{{- if and (not (kindIs "invalid" $v.replicas)) (gt (int $v.replicas) 1) -}}
{{- $wrong = append $wrong (printf "replicas is %d, but index.backend is \"embedded\", an index that one process has for itself: set replicas to 1, or index.backend to \"shared\"" (int $v.replicas)) -}}
{{- end -}}
{{- if $v.keda.enabled -}}
{{- $wrong = append $wrong "keda.enabled is true, but index.backend is \"embedded\", which is for one replica: set keda.enabled to false, or index.backend to \"shared\"" -}}
{{- end -}}
{{- if not (has $urls (list "" "[]")) -}}
{{- $wrong = append $wrong "config.dedup.shared.urls is set, but index.backend is \"embedded\": set index.backend to \"shared\", or remove the URLs" -}}
{{- end -}}
{{- range $name := list "indexPassword" "indexCa" "indexClient" -}}
{{- if (get $s $name).name -}}
{{- $wrong = append $wrong (printf "secrets.%s is for index.backend = \"shared\"" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if $v.keda.enabled -}}
{{- if not (kindIs "invalid" $v.replicas) -}}
{{- $wrong = append $wrong "replicas is set, but keda.enabled is true: leave replicas null, and set keda.minReplicas and keda.maxReplicas" -}}
{{- end -}}
{{- if gt (int $v.keda.minReplicas) (int $v.keda.maxReplicas) -}}
{{- $wrong = append $wrong (printf "keda.minReplicas (%d) is above keda.maxReplicas (%d)" (int $v.keda.minReplicas) (int $v.keda.maxReplicas)) -}}
{{- end -}}
{{- if and $v.strimzi.topics.enabled (gt (int $v.keda.maxReplicas) (int $v.strimzi.topics.input.partitions)) -}}
{{- $wrong = append $wrong (printf "keda.maxReplicas (%d) is above strimzi.topics.input.partitions (%d): the replicas beyond would be idle" (int $v.keda.maxReplicas) (int $v.strimzi.topics.input.partitions)) -}}
{{- end -}}
{{- if and (eq $mechanism "OAUTHBEARER") (not $v.keda.authentication) -}}
{{- $wrong = append $wrong "keda.authentication is required with OAUTHBEARER: KEDA fetches tokens by itself, in ways that only your own TriggerAuthentication can name" -}}
{{- end -}}
{{- end -}}

{{- if hasPrefix "sasl" $protocol -}}
{{- if not $mechanism -}}
{{- $wrong = append $wrong (printf "config.kafka.security.sasl.mechanism is required by config.kafka.security.protocol = %q" $protocol) -}}
{{- else if eq $mechanism "OAUTHBEARER" -}}
{{- if not $s.kafkaToken.name -}}
{{- $wrong = append $wrong "secrets.kafkaToken.name is required by OAUTHBEARER" -}}
{{- end -}}
{{- else -}}
{{- if not $s.kafkaPassword.name -}}
{{- $wrong = append $wrong (printf "secrets.kafkaPassword.name is required by %s" $mechanism) -}}
{{- end -}}
{{- if not $username -}}
{{- $wrong = append $wrong (printf "config.kafka.security.sasl.username is required by %s" $mechanism) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- range $name := list "kafkaPassword" "kafkaToken" -}}
{{- if (get $s $name).name -}}
{{- $wrong = append $wrong (printf "secrets.%s is not used: config.kafka.security.protocol is %q" $name $protocol) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (hasSuffix "ssl" $protocol) -}}
{{- range $name := list "kafkaCa" "kafkaClient" -}}
{{- if (get $s $name).name -}}
{{- $wrong = append $wrong (printf "secrets.%s is not used: config.kafka.security.protocol is %q, without TLS" $name $protocol) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- $strimzi := $v.strimzi -}}
{{- if or $strimzi.topics.enabled $strimzi.user.enabled -}}
{{- if not $strimzi.cluster -}}
{{- $wrong = append $wrong "strimzi.cluster is required: the name of the Kafka resource" -}}
{{- end -}}
{{- end -}}
{{- if $strimzi.topics.enabled -}}
{{- if gt (int $strimzi.topics.minInsyncReplicas) (int $strimzi.topics.replicas) -}}
{{- $wrong = append $wrong (printf "strimzi.topics.minInsyncReplicas (%d) is above strimzi.topics.replicas (%d): nothing could be written" (int $strimzi.topics.minInsyncReplicas) (int $strimzi.topics.replicas)) -}}
{{- end -}}
{{- $window := include "newsstage.at" (list $config "dedup" "window") | default "14d" -}}
{{- $needed := div (mul 6 (include "newsstage.seconds" $window | int64)) 5 -}}
{{- if gt $needed (mul 86400 (int64 $strimzi.topics.output.retentionDays)) -}}
{{- $wrong = append $wrong (printf "strimzi.topics.output.retentionDays (%d) is below config.dedup.window (%s) and a fifth: a lost index could not be learned again whole" (int $strimzi.topics.output.retentionDays) $window) -}}
{{- end -}}
{{- if and (eq (include "newsstage.at" (list $config "output" "partition")) "input") (lt (int $strimzi.topics.output.partitions) (int $strimzi.topics.input.partitions)) -}}
{{- $wrong = append $wrong (printf "strimzi.topics.output.partitions (%d) is below strimzi.topics.input.partitions (%d), which config.output.partition = \"input\" needs" (int $strimzi.topics.output.partitions) (int $strimzi.topics.input.partitions)) -}}
{{- end -}}
{{- end -}}
{{- if $strimzi.user.enabled -}}
{{- $user := include "newsstage.strimziUser" . -}}
{{- if eq $strimzi.user.authentication "scram-sha-512" -}}
{{- if ne $mechanism "SCRAM-SHA-512" -}}
{{- $wrong = append $wrong "strimzi.user.authentication is \"scram-sha-512\": set config.kafka.security.sasl.mechanism to SCRAM-SHA-512" -}}
{{- end -}}
{{- if ne $username $user -}}
{{- $wrong = append $wrong (printf "config.kafka.security.sasl.username is %q, but the KafkaUser is %q (strimzi.user.name)" $username $user) -}}
{{- end -}}
{{- else if or (ne $protocol "ssl") (not $s.kafkaClient.name) -}}
{{- $wrong = append $wrong "strimzi.user.authentication is \"tls\": set config.kafka.security.protocol to ssl, and secrets.kafkaClient to the Secret of the KafkaUser" -}}
{{- end -}}
{{- end -}}

{{- if $wrong -}}
{{- fail (printf "\n  - %s" (join "\n  - " $wrong)) -}}
{{- end -}}
{{- end -}}
