{{/*
How migrations run:

- on install an ordinary Job, beside the database it waits for;
- on upgrade a pre-upgrade hook, before anything else changes. It uses what is in the cluster already: the
  Secret of the revision before, the namespace's default service account, and a script that it carries itself;
- on an upgrade that finds no database ready (a first install that failed, say) the ordinary Job again, since a
  hook would wait for a database that only comes after it.

In every case the agent's pods wait in an init container until the schema has what their image needs.
*/}}

{{- define "task-api.migration.isHook" -}}
{{- if .Release.IsUpgrade -}}
{{- /* Rendered without a cluster, lookup finds nothing, not even what every namespace has: then a hook. */ -}}
{{- if not (lookup "v1" "ServiceAccount" .Release.Namespace "default") -}}
true
{{- else if hasKey ((lookup "v1" "Secret" .Release.Namespace (include "task-api.secretName" .)).data | default dict) "database-url" -}}
{{- if not .Values.postgresql.enabled -}}
true
{{- else if (dig "status" "readyReplicas" 0 (lookup "apps/v1" "StatefulSet" .Release.Namespace (include "task-api.postgresql.host" .))) -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The spec of the Job, as hook or not. */}}
{{- define "task-api.migration.job" -}}
backoffLimit: 3
activeDeadlineSeconds: {{ .Values.migration.timeout }}
template:
  metadata:
    labels:
      job: migration
      {{- include "task-api.podLabels" (dict "context" . "component" "migration") | nindent 6 }}
  spec:
    restartPolicy: Never
    {{- include "task-api.podDefaults" (dict "context" .) | nindent 4 }}
    containers:
      - name: migrate
        {{- include "task-api.migration.container" (list . "migrate") | nindent 8 }}
    volumes:
      - name: tmp
        emptyDir: {}
{{- end -}}

{{/* A container that runs files/migrate.py; called with (list CONTEXT MODE). */}}
{{- define "task-api.migration.container" -}}
{{- $ := first . -}}
image: {{ $.Values.migration.image }}
imagePullPolicy: IfNotPresent
command: [python3, -c]
args:
  - |
    {{- $.Files.Get "files/migrate.py" | nindent 4 }}
  - {{ last . }}
env:
  - name: DATABASE_URL
    valueFrom:
      secretKeyRef:
        name: {{ include "task-api.secretName" $ }}
        key: database-url
  # The script gives up before the Job's deadline ends it, so that its log says why.
  - name: MIGRATION_TIMEOUT
    value: {{ sub $.Values.migration.timeout 10 | quote }}
  - name: PGCONNECT_TIMEOUT
    value: "5"
  - name: PYTHONUNBUFFERED
    value: "1"
securityContext:
  {{- include "task-api.containerSecurityContext" $ | nindent 2 }}
resources:
  {{- toYaml $.Values.migration.resources | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- end -}}
