{{/*
How migrations run:

- on install an ordinary Job, beside the database it waits for;
- on upgrade a pre-upgrade hook, before anything else changes. Nothing of the new revision is there yet, so it uses
  what every namespace has (the default service account) and what it carries itself: the script, and a Secret with
  the URL, which may have changed with the revision;
- on an upgrade that finds no database ready (a first install that failed, say) the ordinary Job again, since a
  hook would wait for a database that only comes after it.

In every case the agent's pods wait in an init container until the schema has what their image needs.
*/}}

{{/* The cluster is asked once a render: an answer that changed in between would make two migrations, or none. */}}
{{- define "task-api.migration.isHook" -}}
{{- if not (hasKey .Values.migration "isHook") -}}
{{- $_ := set .Values.migration "isHook" (include "task-api.migration.decide" .) -}}
{{- end -}}
{{- .Values.migration.isHook -}}
{{- end -}}

{{- define "task-api.migration.decide" -}}
{{- if and .Values.migration.enabled .Release.IsUpgrade -}}
{{- /* Rendered without a cluster, lookup finds nothing, not even what every namespace has: then a hook. */ -}}
{{- if not (lookup "v1" "ServiceAccount" .Release.Namespace "default") -}}
true
{{- else if or (include "task-api.makesSecret" .) (lookup "v1" "Secret" .Release.Namespace (include "task-api.secretName" .)) -}}
{{- if not .Values.postgresql.enabled -}}
true
{{- else if dig "status" "readyReplicas" 0 (lookup "apps/v1" "StatefulSet" .Release.Namespace (include "task-api.postgresql.host" .)) -}}
true
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "task-api.migration.hookName" -}}
{{- include "task-api.suffixed" (list . "-pre-upgrade") -}}
{{- end -}}

{{/* What both Jobs say of themselves; called with (list CONTEXT NAME ANNOTATIONS). */}}
{{- define "task-api.migration.metadata" -}}
{{- $ := first . -}}
{{- include "task-api.metadata" (dict
  "context" $ "component" "migration" "name" (index . 1) "labels" (dict "job" "migration")
  "annotations" (merge (last .) $.Values.migration.annotations)) -}}
{{- end -}}

{{/* The spec of the Job; called with (list CONTEXT NAME-OF-THE-SECRET). */}}
{{- define "task-api.migration.job" -}}
{{- $ := first . -}}
backoffLimit: 3
activeDeadlineSeconds: {{ $.Values.migration.timeout }}
podFailurePolicy:
  rules:
    # files/migrate.py says that another try would fail alike.
    - action: FailJob
      onExitCodes:
        operator: In
        values: [3]
    # A drained node is nobody's failure.
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  metadata:
    labels:
      job: migration
      {{- include "task-api.podLabels" (dict "context" $ "component" "migration") | nindent 6 }}
  spec:
    restartPolicy: Never
    {{- include "task-api.podDefaults" (dict "context" $) | nindent 4 }}
    containers:
      - name: migrate
        {{- include "task-api.migration.container" (list $ (last .) "migrate") | nindent 8 }}
    volumes:
      {{- include "task-api.volumes" $.Values.migration | nindent 6 }}
{{- end -}}

{{/* A container that runs files/migrate.py; called with (list CONTEXT NAME-OF-THE-SECRET MODE). */}}
{{- define "task-api.migration.container" -}}
{{- $ := first . -}}
{{- $migration := $.Values.migration -}}
image: {{ $migration.image | quote }}
imagePullPolicy: {{ $migration.imagePullPolicy }}
command: [python3, -c]
args:
  - |
    {{- $.Files.Get "files/migrate.py" | nindent 4 }}
  - {{ last . }}
env:
  - name: DATABASE_URL
    valueFrom:
      secretKeyRef:
        name: {{ index . 1 | quote }}
        key: database-url
  # The script gives up before the Job's deadline ends it, so that its log says why.
  - name: MIGRATION_TIMEOUT
    value: {{ sub $migration.timeout 10 | quote }}
  - name: PGCONNECT_TIMEOUT
    value: "5"
  - name: PYTHONUNBUFFERED
    value: "1"
  {{- with $migration.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  {{- include "task-api.containerSecurityContext" $ | nindent 2 }}
resources:
  {{- toYaml $migration.resources | nindent 2 }}
volumeMounts:
  {{- include "task-api.mounts" $migration | nindent 2 }}
{{- end -}}
