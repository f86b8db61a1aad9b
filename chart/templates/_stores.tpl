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
{{- dig "primary" "service" "ports" "postgresql" 5432 (.Subcharts.postgresql.Values | mustToJson | fromJson) -}}
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
{{- dig "master" "service" "ports" "redis" 6379 (.Subcharts.redis.Values | mustToJson | fromJson) -}}
{{- else -}}
{{- .Values.externalRedis.port -}}
{{- end -}}
{{- end -}}

{{/* URLs; called with (list CONTEXT PASSWORD), the password percent-encoded. */}}
{{- define "task-api.databaseUrl" -}}
{{- $ := first . -}}
{{- $auth := $.Values.postgresql.auth -}}
{{- $mode := $.Values.postgresql.enabled | ternary "" $.Values.externalPostgresql.sslMode -}}
{{- printf "postgresql://%s:%s@%s:%s/%s%s"
  (include "task-api.percentEncoded" $auth.username)
  (last .)
  (include "task-api.postgresql.host" $)
  (include "task-api.postgresql.port" $)
  (include "task-api.percentEncoded" $auth.database)
  ($mode | empty | ternary "" (printf "?sslmode=%s" $mode)) -}}
{{- end -}}

{{- define "task-api.redisUrl" -}}
{{- $ := first . -}}
{{- printf "%s://%s%s:%s/0"
  (and (not $.Values.redis.enabled) $.Values.externalRedis.tls | ternary "rediss" "redis")
  ($.Values.redis.auth.enabled | ternary (printf ":%s@" (last .)) "")
  (include "task-api.redis.host" $)
  (include "task-api.redis.port" $) -}}
{{- end -}}

{{/* For a part of a URL; urlquery alone turns a space into a plus. */}}
{{- define "task-api.percentEncoded" -}}
{{- . | urlquery | replace "+" "%20" -}}
{{- end -}}
