{{- define "newsstage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: room for what a StatefulSet and the names below add. */}}
{{- define "newsstage.fullname" -}}
{{- $name := include "newsstage.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "newsstage.selectorLabels" -}}
app.kubernetes.io/name: {{ include "newsstage.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "newsstage.labels" -}}
{{ include "newsstage.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "newsstage.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "newsstage.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "newsstage.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* "true" when the index is on a server that replicas share. */}}
{{- define "newsstage.shared" -}}
{{- if eq .Values.index.backend "shared" -}}true{{- end -}}
{{- end -}}

{{- define "newsstage.kind" -}}
{{- ternary "Deployment" "StatefulSet" (eq .Values.index.backend "shared") -}}
{{- end -}}

{{- define "newsstage.strimziUser" -}}
{{- default (include "newsstage.fullname" .) .Values.strimzi.user.name -}}
{{- end -}}

{{- define "newsstage.strimziNamespace" -}}
{{- default .Release.Namespace .Values.strimzi.namespace -}}
{{- end -}}

{{/* The value at a path of keys, or an empty text: (list MAP "a" "b"). Any table on the way may be missing. */}}
{{- define "newsstage.at" -}}
{{- $found := first . -}}
{{- range $key := rest . -}}
{{- if kindIs "map" $found -}}{{- $found = get $found $key -}}{{- else -}}{{- $found = "" -}}{{- end -}}
{{- end -}}
{{- if not (kindIs "invalid" $found) -}}{{- $found -}}{{- end -}}
{{- end -}}

{{/* Seconds of a window such as 14d, 36h, 90m or 45s. */}}
{{- define "newsstage.seconds" -}}
{{- $unit := dict "d" 86400 "h" 3600 "m" 60 "s" 1 -}}
{{- mul (trimSuffix (substr (int (sub (len .) 1)) (len .) .) . | int64) (get $unit (substr (int (sub (len .) 1)) (len .) .)) -}}
{{- end -}}

{{/* The CPU request in whole cores, rounded up; empty when there is none. */}}
{{- define "newsstage.cores" -}}
{{- $cpu := include "newsstage.at" (list .Values.resources "requests" "cpu") -}}
{{- if hasSuffix "m" $cpu -}}
{{- div (add (trimSuffix "m" $cpu | int64) 999) 1000 -}}
{{- else if $cpu -}}
{{- ceil (float64 $cpu) | int64 -}}
{{- end -}}
{{- end -}}
