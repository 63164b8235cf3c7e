{{/* metadata and spec of the pods, for both kinds of workload. */}}
{{- define "newsstage.pod" -}}
{{- $v := .Values -}}
{{- $s := $v.secrets -}}
{{- $shared := eq $v.index.backend "shared" -}}
{{- $username := include "newsstage.at" (list $v.config "kafka" "security" "sasl" "username") -}}
metadata:
  labels:
    {{- include "newsstage.selectorLabels" . | nindent 4 }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "newsstage.config" . | sha256sum }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "newsstage.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $v.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # shutdown.timeout, and time to end.
  terminationGracePeriodSeconds: {{ add $v.drainSeconds 15 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: newsstage
      image: {{ include "newsstage.image" . | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args: ["run"]
      env:
        - name: NEWSSTAGE_CONFIG
          value: /etc/newsstage/config/newsstage.toml
        # Stable over restarts of the container: the name in the transactional id.
        - name: NEWSSTAGE__KAFKA__INSTANCE
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- if $s.kafkaPassword.name }}
        # Also where KEDA looks for it.
        - name: NEWSSTAGE__KAFKA__SECURITY__SASL__USERNAME
          value: {{ $username | quote }}
        {{- include "newsstage.secretEnv" (list "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD" $s.kafkaPassword.name $s.kafkaPassword.key) | nindent 8 }}
        {{- end }}
        {{- if and $s.kafkaClient.name $s.kafkaClient.passwordKey }}
        {{- include "newsstage.secretEnv" (list "NEWSSTAGE__KAFKA__SECURITY__TLS__KEY_PASSWORD" $s.kafkaClient.name $s.kafkaClient.passwordKey) | nindent 8 }}
        {{- end }}
        {{- if and $shared $s.indexPassword.name }}
        {{- include "newsstage.secretEnv" (list "NEWSSTAGE__DEDUP__SHARED__PASSWORD" $s.indexPassword.name $s.indexPassword.key) | nindent 8 }}
        {{- end }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: admin
          containerPort: {{ $v.admin.port }}
          protocol: TCP
      # The index may be opened or learned again for long before the first message: alive, and not ready.
      startupProbe:
        httpGet:
          path: /livez
          port: admin
        periodSeconds: {{ $v.probes.startup.periodSeconds }}
        timeoutSeconds: 2
        failureThreshold: {{ $v.probes.startup.failureThreshold }}
      livenessProbe:
        httpGet:
          path: /livez
          port: admin
        periodSeconds: {{ $v.probes.liveness.periodSeconds }}
        timeoutSeconds: 5
        failureThreshold: {{ $v.probes.liveness.failureThreshold }}
      readinessProbe:
        httpGet:
          path: /readyz
          port: admin
        periodSeconds: {{ $v.probes.readiness.periodSeconds }}
        timeoutSeconds: 3
        failureThreshold: {{ $v.probes.readiness.failureThreshold }}
      # The last lines of the log tell why it ended, beside the exit code.
      terminationMessagePolicy: FallbackToLogsOnError
      {{- with $v.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      volumeMounts:
        - name: config
          mountPath: /etc/newsstage/config
          readOnly: true
        {{- if not $shared }}
        - name: index
          mountPath: /var/lib/newsstage
        {{- end }}
        {{- range $volume, $used := include "newsstage.folders" . | fromYaml }}
        - name: {{ $volume }}
          mountPath: /etc/newsstage/{{ $volume }}
          readOnly: true
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "newsstage.fullname" . }}-config
    {{- range $volume, $source := include "newsstage.folders" . | fromYaml }}
    - name: {{ $volume }}
      {{- toYaml $source | nindent 6 }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if and $shared $v.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ $v.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "newsstage.selectorLabels" $ | nindent 10 }}
      # Old pods of a rollout do not count.
      matchLabelKeys: ["pod-template-hash"]
    {{- end }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "newsstage.secretEnv" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 | quote }}
{{- end -}}

{{/* Volumes by name, each a folder of the same name in /etc/newsstage. The files have fixed names in there. */}}
{{- define "newsstage.folders" -}}
{{- $s := .Values.secrets -}}
{{- $shared := eq .Values.index.backend "shared" -}}
{{- with .Values.lexicons.volume }}
lexicons:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.queries.volume }}
queries:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $s.kafkaToken.name }}
kafka-token:
  {{- include "newsstage.secretVolume" (list $s.kafkaToken.name (dict "token" $s.kafkaToken.key)) | nindent 2 }}
{{- end }}
{{- if $s.kafkaCa.name }}
kafka-ca:
  {{- include "newsstage.secretVolume" (list $s.kafkaCa.name (dict "ca.crt" $s.kafkaCa.key)) | nindent 2 }}
{{- end }}
{{- if $s.kafkaClient.name }}
kafka-client:
  {{- include "newsstage.secretVolume" (list $s.kafkaClient.name (dict "tls.crt" $s.kafkaClient.certificateKey "tls.key" $s.kafkaClient.keyKey)) | nindent 2 }}
{{- end }}
{{- if and $shared $s.indexCa.name }}
index-ca:
  {{- include "newsstage.secretVolume" (list $s.indexCa.name (dict "ca.crt" $s.indexCa.key)) | nindent 2 }}
{{- end }}
{{- if and $shared $s.indexClient.name }}
index-client:
  {{- include "newsstage.secretVolume" (list $s.indexClient.name (dict "tls.crt" $s.indexClient.certificateKey "tls.key" $s.indexClient.keyKey)) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Readable for the group of the pod alone. */}}
{{- define "newsstage.secretVolume" -}}
secret:
  secretName: {{ first . }}
  defaultMode: 0440
  items:
    {{- range $file, $key := last . }}
    - key: {{ $key | quote }}
      path: {{ $file }}
    {{- end }}
{{- end -}}
