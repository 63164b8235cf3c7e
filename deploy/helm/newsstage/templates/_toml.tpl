{{/*
A table as TOML: (dict "path" "kafka.memory" "table" MAP). First its own values, then the tables in it. Values that are
null and tables without values are left out, so that the default of newsstage counts.
*/}}
{{- define "newsstage.toml" -}}
{{- $path := .path -}}
{{- $own := list -}}
{{- $below := "" -}}
{{- range $key := keys .table | sortAlpha -}}
{{- $value := get $.table $key -}}
{{- $name := ternary $key (toJson $key) (regexMatch "^[A-Za-z0-9_-]+$" $key) -}}
{{- if kindIs "map" $value -}}
{{- $inner := ternary (printf "%s.%s" $path $name) $name (ne $path "") -}}
{{- $below = printf "%s%s" $below (include "newsstage.toml" (dict "path" $inner "table" $value)) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $own = append $own (printf "%s = %s" $name (include "newsstage.tomlValue" $value)) -}}
{{- end -}}
{{- end -}}
{{- if $own -}}
{{- if $path }}
[{{ $path }}]
{{ end -}}
{{- join "\n" $own }}
{{ end -}}
{{- $below -}}
{{- end -}}

{{/* Numbers of values are floating-point; whole ones must not get a point, nor an exponent. */}}
{{- define "newsstage.tomlValue" -}}
{{- if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . -}}{{- $items = append $items (include "newsstage.tomlValue" .) -}}{{- end -}}
[{{ join ", " $items }}]
{{- else if kindIs "float64" . -}}
{{- if eq . (floor .) -}}{{- int64 . -}}{{- else -}}{{- toJson . -}}{{- end -}}
{{- else -}}
{{- toRawJson . -}}
{{- end -}}
{{- end -}}

{{/* The settings of newsstage: `config`, and on top what the chart decides. */}}
{{- define "newsstage.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $secrets := .Values.secrets -}}
{{- $own := dict
  "admin" (dict "listen" (printf "%s:%d" .Values.admin.address (int .Values.admin.port)))
  "shutdown" (dict "timeout" (printf "%ds" (int .Values.drainSeconds)))
  "dedup" (dict "backend" (ternary "valkey" "embedded" (eq .Values.index.backend "shared")))
-}}
{{- $sasl := dict -}}
{{- $tls := dict -}}
{{- with include "newsstage.cores" . -}}
{{- if kindIs "invalid" $config.threads -}}{{- $_ := set $own "threads" (int64 .) -}}{{- end -}}
{{- end -}}
{{- if $secrets.kafkaToken.name -}}{{- $_ := set $sasl "token_file" "/etc/newsstage/kafka-token/token" -}}{{- end -}}
{{- if $secrets.kafkaCa.name -}}{{- $_ := set $tls "ca_file" "/etc/newsstage/kafka-ca/ca.crt" -}}{{- end -}}
{{- if $secrets.kafkaClient.name -}}
{{- $_ := set $tls "certificate_file" "/etc/newsstage/kafka-client/tls.crt" -}}
{{- $_ := set $tls "key_file" "/etc/newsstage/kafka-client/tls.key" -}}
{{- end -}}
{{- $_ := set $own "kafka" (dict "security" (dict "sasl" $sasl "tls" $tls)) -}}
{{- if and (not (include "newsstage.shared" .)) (kindIs "invalid" (default dict $config.kafka).static_membership) -}}
{{- /* The pod keeps its name: a successor of one that was killed goes on at once, not after kafka.session_timeout. */ -}}
{{- $_ := set $own.kafka "static_membership" true -}}
{{- end -}}
{{- if include "newsstage.shared" . -}}
{{- $indexTls := dict -}}
{{- if $secrets.indexCa.name -}}{{- $_ := set $indexTls "ca_file" "/etc/newsstage/index-ca/ca.crt" -}}{{- end -}}
{{- if $secrets.indexClient.name -}}
{{- $_ := set $indexTls "certificate_file" "/etc/newsstage/index-client/tls.crt" -}}
{{- $_ := set $indexTls "key_file" "/etc/newsstage/index-client/tls.key" -}}
{{- end -}}
{{- $_ := set $own.dedup "shared" (dict "tls" $indexTls) -}}
{{- else -}}
{{- $_ := set $own.dedup "path" "/var/lib/newsstage/index" -}}
{{- end -}}
{{- $topics := dict -}}
{{- if .Values.lexicons.volume -}}{{- $_ := set $topics "lexicons" "/etc/newsstage/lexicons" -}}{{- end -}}
{{- if .Values.queries.volume -}}{{- $_ := set $topics "queries" "/etc/newsstage/queries" -}}{{- end -}}
{{- $_ := set $own "topics" $topics -}}
{{- include "newsstage.toml" (dict "path" "" "table" (mergeOverwrite $config $own)) -}}
{{- end -}}
