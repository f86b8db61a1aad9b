{{/* The Secret that the agent and both stores read. The dependencies compute the same name from the same values. */}}
{{- define "task-api.secretName" -}}
{{- .Values.global.taskApi.existingSecret | default (printf "%s-secret" .Release.Name) -}}
{{- end -}}

{{/* Whether the chart makes that Secret itself. */}}
{{- define "task-api.makesSecret" -}}
{{- if not (or .Values.global.taskApi.existingSecret .Values.externalSecret.enabled) -}}true{{- end -}}
{{- end -}}

{{/*
The passwords by their keys in the Secret, as JSON: each is what was given, else what is in the cluster, else a new
random one. Two calls of a random function differ, so the first answer is kept for the render, where all templates
of the chart see it: among its values.
*/}}
{{- define "task-api.passwords" -}}
{{- if not (hasKey .Values.secret "passwords") -}}
{{- $live := (lookup "v1" "Secret" .Release.Namespace (include "task-api.secretName" .)).data | default dict -}}
{{- $passwords := dict -}}
{{- range $key, $given := dict
  "password" .Values.postgresql.auth.password
  "postgres-password" .Values.postgresql.auth.postgresPassword
  "replication-password" .Values.postgresql.auth.replicationPassword
  "redis-password" .Values.redis.auth.password
-}}
{{- $_ := set $passwords $key ($given | default (get $live $key | b64dec) | default (randAlphaNum 32)) -}}
{{- end -}}
{{- $_ := set .Values.secret "passwords" $passwords -}}
{{- end -}}
{{- .Values.secret.passwords | toJson -}}
{{- end -}}

{{/* The values of database-url and redis-url. */}}
{{- define "task-api.secret.databaseUrl" -}}
{{- $passwords := include "task-api.passwords" . | fromJson -}}
{{- include "task-api.databaseUrl" (list . (include "task-api.percentEncoded" $passwords.password)) -}}
{{- end -}}

{{- define "task-api.secret.redisUrl" -}}
{{- $passwords := include "task-api.passwords" . | fromJson -}}
{{- include "task-api.redisUrl" (list . (include "task-api.percentEncoded" (get $passwords "redis-password"))) -}}
{{- end -}}

{{/* Environment variables from the Secret; called with (list CONTEXT NAME KEY …). */}}
{{- define "task-api.secretEnv" -}}
{{- $secret := include "task-api.secretName" (first .) -}}
{{- range chunk 2 (rest .) }}
- name: {{ first . }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ last . }}
{{- end }}
{{- end -}}
