{{/*
Backups: a CronJob that dumps the database, and a suspended one, which is the form for restores:

  kubectl create job --from=cronjob/RELEASE-restore NAME

With a volume one container does it all. With S3 the dump and the transfer run one after the other, each in its own
image, with the dump in an emptyDir between them.
*/}}

{{/* The spec of a CronJob's Jobs; called with (list CONTEXT "backup" | "restore"). */}}
{{- define "task-api.backup.job" -}}
{{- $ := first . -}}
{{- $mode := last . -}}
{{- $backup := $.Values.backup -}}
backoffLimit: {{ eq $mode "backup" | ternary 2 0 }}
activeDeadlineSeconds: {{ $backup.timeout }}
template:
  metadata:
    labels:
      job: {{ $mode }}
      {{- include "task-api.podLabels" (dict "context" $ "component" $mode) | nindent 6 }}
  spec:
    restartPolicy: Never
    {{- include "task-api.podDefaults" (dict "context" $) | nindent 4 }}
    {{- $steps := list $mode -}}
    {{- if $backup.s3.bucket -}}
    {{- $steps = eq $mode "backup" | ternary (list "backup" "upload") (list "download" "restore") -}}
    {{- end -}}
    {{- range $at, $step := $steps }}
    {{- if and (eq $at 0) (gt (len $steps) 1) }}
    initContainers:
    {{- else }}
    containers:
    {{- end }}
      - name: {{ $step }}
        {{- include "task-api.backup.container" (list $ $step) | nindent 8 }}
    {{- end }}
    volumes:
      - name: backups
        {{- if $backup.s3.bucket }}
        emptyDir:
          sizeLimit: {{ $backup.s3.scratchSize }}
        {{- else }}
        persistentVolumeClaim:
          claimName: {{ $backup.existingClaim | quote }}
        {{- end }}
      {{- include "task-api.volumes" $backup | nindent 6 }}
{{- end -}}

{{/* A container that runs files/STEP.sh; called with (list CONTEXT STEP). */}}
{{- define "task-api.backup.container" -}}
{{- $ := first . -}}
{{- $step := last . -}}
{{- $backup := $.Values.backup -}}
{{- $isTransfer := has $step (list "upload" "download") -}}
image: {{ $isTransfer | ternary $backup.s3.image $backup.image | quote }}
imagePullPolicy: {{ $backup.imagePullPolicy }}
command: [/bin/sh, -c]
args:
  - |
    {{- $.Files.Get (printf "files/%s.sh" $step) | nindent 4 }}
env:
  - name: NAME
    value: {{ include "task-api.fullname" $ | quote }}
  - name: RETENTION_DAYS
    value: {{ $backup.retentionDays | quote }}
  # Which backup a restore takes: the name of a file; empty: the newest.
  - name: BACKUP
    value: ""
  {{- if $isTransfer }}
  {{- include "task-api.backup.s3Env" $ | nindent 2 }}
  {{- else }}
  {{- include "task-api.backup.postgresqlEnv" $ | nindent 2 }}
  {{- end }}
  {{- with $backup.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  {{- include "task-api.containerSecurityContext" $ | nindent 2 }}
resources:
  {{- toYaml $backup.resources | nindent 2 }}
volumeMounts:
  - name: backups
    mountPath: /backups
  {{- include "task-api.mounts" $backup | nindent 2 }}
{{- end -}}

{{/* By libpq's variables: a URL would be an argument, which the node's process list shows. */}}
{{- define "task-api.backup.postgresqlEnv" -}}
- name: PGHOST
  # An IPv6 address has its brackets in URLs alone.
  value: {{ include "task-api.postgresql.host" . | trimAll "[]" | quote }}
- name: PGPORT
  value: {{ include "task-api.postgresql.port" . | quote }}
- name: PGUSER
  value: {{ .Values.postgresql.auth.username | quote }}
- name: PGDATABASE
  value: {{ .Values.postgresql.auth.database | quote }}
{{- if and (not .Values.postgresql.enabled) .Values.externalPostgresql.sslMode }}
- name: PGSSLMODE
  value: {{ .Values.externalPostgresql.sslMode }}
{{- end }}
- name: PGCONNECT_TIMEOUT
  value: "10"
{{ include "task-api.secretEnv" (list . "PGPASSWORD" "password") | trim }}
{{- end -}}

{{/* rclone's remote `store`, from its environment alone. */}}
{{- define "task-api.backup.s3Env" -}}
{{- $s3 := .Values.backup.s3 -}}
- name: FOLDER
  value: {{ printf "store:%s/%s" $s3.bucket ($s3.prefix | default (printf "%s/%s" .Release.Namespace (include "task-api.fullname" .))) | quote }}
- name: RCLONE_CONFIG_STORE_TYPE
  value: s3
- name: RCLONE_CONFIG_STORE_PROVIDER
  value: {{ $s3.provider | quote }}
- name: RCLONE_CONFIG_STORE_REGION
  value: {{ $s3.region | quote }}
{{- with $s3.endpoint }}
- name: RCLONE_CONFIG_STORE_ENDPOINT
  value: {{ . | quote }}
{{- end }}
# It needn't be allowed to make buckets.
- name: RCLONE_S3_NO_CHECK_BUCKET
  value: "true"
- name: RCLONE_CONFIG
  value: /tmp/rclone.conf
{{- range $name, $key := dict "ACCESS_KEY_ID" "access-key-id" "SECRET_ACCESS_KEY" "secret-access-key" }}
- name: RCLONE_CONFIG_STORE_{{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $s3.existingSecret | quote }}
      key: {{ $key }}
{{- end }}
{{- end -}}
