{{/*
Where the stores are. The dependencies name their Services themselves (the release's name, overrides and the
architecture all play a part), so their own helpers are asked, in their own context.
*/}}

{{- define "task-api.postgresql.host" -}}
{{- if .Values.postgresql.enabled -}}
{{- include "postgresql.v1.primary.fullname" .Subcharts.postgresql -}}
{{- else -}}
{{- .Values.externalPostgresql.host -}}
{{- end -}}
{{- end -}}

{{- define "task-api.postgresql.port" -}}
{{- if .Values.postgresql.enabled -}}
{{- dig "service" "ports" "postgresql" 5432 .Values.postgresql.primary -}}
{{- else -}}
{{- .Values.externalPostgresql.port -}}
{{- end -}}
{{- end -}}

{{- define "task-api.redis.host" -}}
{{- if .Values.redis.enabled -}}
{{- printf "%s-master" (include "common.names.fullname" .Subcharts.redis) -}}
{{- else -}}
{{- .Values.externalRedis.host -}}
{{- end -}}
{{- end -}}

{{- define "task-api.redis.port" -}}
{{- if .Values.redis.enabled -}}
{{- dig "service" "ports" "redis" 6379 .Values.redis.master -}}
{{- else -}}
{{- .Values.externalRedis.port -}}
{{- end -}}
{{- end -}}

{{/* For a part of a URL; urlquery alone turns a space into a plus. */}}
{{- define "task-api.percentEncoded" -}}
{{- . | urlquery | replace "+" "%20" -}}
{{- end -}}

{{/* The Secret that the agent and both stores read. The dependencies compute the same name from the same values. */}}
{{- define "task-api.secretName" -}}
{{- .Values.global.taskApi.existingSecret | default (printf "%s-secret" .Release.Name) -}}
{{- end -}}

{{/* Values that the schema lets through and that can't work together; called where the stores' values are used first. */}}
{{- define "task-api.check" -}}
{{- $secret := include "task-api.secretName" . -}}
{{- if hasKey .Values.postgresql "replica" -}}
{{- fail "postgresql.replica is no value of the postgresql chart and has no effect: set postgresql.architecture to replication, and postgresql.readReplicas" -}}
{{- end -}}
{{- if .Values.postgresql.enabled -}}
{{- with .Values.externalPostgresql.host -}}
{{- fail (printf "externalPostgresql.host is %s, but postgresql.enabled is true: which of the two is it?" .) -}}
{{- end -}}
{{- if ne (tpl .Values.postgresql.auth.existingSecret .Subcharts.postgresql) $secret -}}
{{- fail (printf "postgresql.auth.existingSecret names another Secret than the agent's, %s: set global.taskApi.existingSecret, which holds for all" $secret) -}}
{{- end -}}
{{- /* Over 53 characters the primary's Service and its headless twin get one name. */ -}}
{{- $full := include "common.names.fullname" .Subcharts.postgresql -}}
{{- if and (eq .Values.postgresql.architecture "replication") (gt (len $full) 53) -}}
{{- fail (printf "with postgresql.architecture: replication the name %s is too long, its Services would collide: use a release name of at most 42 characters, or set postgresql.fullnameOverride" $full) -}}
{{- end -}}
{{- else if not .Values.externalPostgresql.host -}}
{{- fail "postgresql.enabled is false: set externalPostgresql.host" -}}
{{- end -}}
{{- if .Values.redis.enabled -}}
{{- with .Values.externalRedis.host -}}
{{- fail (printf "externalRedis.host is %s, but redis.enabled is true: which of the two is it?" .) -}}
{{- end -}}
{{- if and .Values.redis.auth.enabled (ne (tpl .Values.redis.auth.existingSecret .Subcharts.redis) $secret) -}}
{{- fail (printf "redis.auth.existingSecret names another Secret than the agent's, %s: set global.taskApi.existingSecret, which holds for all" $secret) -}}
{{- end -}}
{{- else if not .Values.externalRedis.host -}}
{{- fail "redis.enabled is false: set externalRedis.host" -}}
{{- end -}}
{{- end -}}
