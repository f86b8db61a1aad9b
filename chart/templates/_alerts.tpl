{{/*
The alerts, each with a page in docs/runbooks. Their metrics: the agent's own ("Monitoring" in README.md),
kube-state-metrics', the kubelet's and the exporter's of PostgreSQL.
*/}}
{{- define "task-api.alerts" -}}
{{- $name := include "task-api.fullname" . -}}
{{- $here := printf "namespace=%q" .Release.Namespace -}}
{{- $deployment := printf "%s,deployment=%q" $here $name -}}
{{- $agent := printf "%s,service=%q" $here $name -}}
- alert: TaskApiDown
  expr: kube_deployment_status_replicas_available{ {{- $deployment -}} } == 0
  for: 1m
  severity: critical
  summary: No agent is available
- alert: TaskApiReplicasMissing
  expr: kube_deployment_status_replicas_available{ {{- $deployment -}} } < kube_deployment_spec_replicas{ {{- $deployment -}} }
  for: 15m
  severity: warning
  summary: Fewer agents are available than are asked for
- alert: TaskApiRestarting
  expr: increase(kube_pod_container_status_restarts_total{ {{- $here -}} ,container="agent",pod=~"{{ $name }}-.+"}[15m]) > 2
  for: 1m
  severity: warning
  summary: An agent keeps restarting
- alert: TaskApiErrors
  expr: sum(rate(task_api_requests_total{ {{- $agent -}} ,status=~"5.."}[5m])) / sum(rate(task_api_requests_total{ {{- $agent -}} }[5m])) > 0.05
  for: 5m
  severity: critical
  summary: More than 5 % of the requests fail
- alert: TaskApiSlow
  expr: histogram_quantile(0.95, sum by (le) (rate(task_api_request_seconds_bucket{ {{- $agent -}} }[5m]))) > 1
  for: 10m
  severity: warning
  summary: One request in twenty takes longer than a second
- alert: TaskApiDatabaseUnreachable
  expr: min(task_api_database_up{ {{- $agent -}} }) == 0
  for: 2m
  severity: critical
  summary: An agent can't use PostgreSQL
- alert: TaskApiCacheUnreachable
  expr: min(task_api_redis_up{ {{- $agent -}} }) == 0
  for: 5m
  severity: warning
  summary: An agent works without its cache
{{- if .Values.migration.enabled }}
- alert: TaskApiMigrationFailed
  expr: kube_job_failed{ {{- $here -}} ,job_name=~"{{ include "task-api.migration.hookName" . }}|{{ include "task-api.suffixed" (list . "-migration-") }}[0-9]+",condition="true"} > 0
  for: 1m
  severity: critical
  summary: A migration of the schema failed
{{- end }}
{{- with include "task-api.alerts.statefulSets" . }}
{{- $sets := printf "%s,statefulset=~%q" $here . }}
{{- $claims := printf "%s,persistentvolumeclaim=~%q" $here (printf "(redis-)?data-(%s)-[0-9]+" .) }}
- alert: TaskApiStoreDown
  expr: kube_statefulset_status_replicas_ready{ {{- $sets -}} } < kube_statefulset_replicas{ {{- $sets -}} }
  for: 5m
  severity: critical
  summary: A server of PostgreSQL or Redis is not ready
- alert: TaskApiVolumeFull
  expr: kubelet_volume_stats_available_bytes{ {{- $claims -}} } / kubelet_volume_stats_capacity_bytes{ {{- $claims -}} } < 0.15
  for: 15m
  severity: critical
  summary: A volume of PostgreSQL or Redis has less than 15 % left
{{- end }}
{{- with .Subcharts.postgresql }}
{{- if and (dig "metrics" "enabled" false (.Values | mustToJson | fromJson)) (eq .Values.architecture "replication") }}
- alert: TaskApiReplicaBehind
  expr: max(pg_replication_lag_seconds{ {{- $here -}} ,pod=~"{{ include "common.names.fullname" . }}-.*"}) > 300
  for: 5m
  severity: warning
  summary: A read replica of PostgreSQL is five minutes behind
{{- end }}
{{- end }}
{{- with .Values.backup }}
{{- if .enabled }}
{{- $cronJob := printf "%s,cronjob=%q" $here (include "task-api.cronJobName" (list $ "-backup")) }}
- alert: TaskApiBackupMissing
  expr: time() - max(kube_cronjob_status_last_successful_time{ {{- $cronJob -}} } or kube_cronjob_created{ {{- $cronJob -}} }) > {{ mul .alertAfterHours 3600 }}
  for: 5m
  severity: critical
  summary: There is no backup of the last {{ .alertAfterHours }} hours
{{- end }}
{{- end }}
{{- end -}}

{{/* The stores' StatefulSets, as a regular expression; empty when both are outside the release. */}}
{{- define "task-api.alerts.statefulSets" -}}
{{- $names := list -}}
{{- range .Subcharts -}}
{{- $names = append $names (printf "%s(-[a-z]+)?" (include "common.names.fullname" .)) -}}
{{- end -}}
{{- join "|" $names -}}
{{- end -}}
